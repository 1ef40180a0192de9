import { describe, expect, it } from 'vitest';
import { readConfig } from './config.ts';

const needed = { MEDIA_TOKEN_SECRET: 'a-secret-that-is-long', CONTROL_TOKEN: 'a-token-that-is-long' };

describe('configuration', () => {
  it('has a default for everything but secrets', () => {
    expect(readConfig(needed)).toMatchObject({
      port: 4100,
      host: '127.0.0.1',
      rtcListenIp: '127.0.0.1',
      rtcPortBase: 40_000,
    });
    expect(readConfig({ ...needed, RTC_ANNOUNCED_ADDRESS: '' }).rtcAnnouncedAddress).toBeUndefined();
    expect(
      readConfig({ ...needed, ALLOWED_ORIGINS: 'https://a.example, https://b.example' }).allowedOrigins,
    ).toHaveLength(2);
  });

  it('reports every wrong key at once and repeats no value', () => {
    const read = () => readConfig({ PORT: 'eighty', WORKERS: '0', CONTROL_TOKEN: 'short-secret', LOG_LEVEL: 'loud' });
    for (const key of ['PORT', 'WORKERS', 'CONTROL_TOKEN', 'MEDIA_TOKEN_SECRET', 'LOG_LEVEL'])
      expect(read).toThrow(key);
    expect(read).not.toThrow('short-secret');
  });
});
