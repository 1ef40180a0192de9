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

  it('needs to know its own addresses and name when there are other hosts', () => {
    const alone = { ...needed, HOST: '0.0.0.0' };
    expect(readConfig(alone).nodeId).not.toBe('');
    const shared = { ...alone, REDIS_URL: 'redis://registry:6379' };
    for (const key of ['NODE_ID', 'PUBLIC_URL', 'CONTROL_URL']) expect(() => readConfig(shared)).toThrow(key);
    const own = { NODE_ID: 'media-1', PUBLIC_URL: 'https://media-1.example', CONTROL_URL: 'http://10.0.0.5:4100' };
    expect(readConfig({ ...shared, ...own })).toMatchObject({ nodeId: 'media-1', controlUrl: own.CONTROL_URL });
    expect(() => readConfig({ ...shared, ...own, HOST: '10.0.0.5', CONTROL_URL: '' })).not.toThrow();
  });

  it('reports every wrong key at once and repeats no value', () => {
    const read = () => readConfig({ PORT: 'eighty', WORKERS: '0', CONTROL_TOKEN: 'short-secret', LOG_LEVEL: 'loud' });
    for (const key of ['PORT', 'WORKERS', 'CONTROL_TOKEN', 'MEDIA_TOKEN_SECRET', 'LOG_LEVEL'])
      expect(read).toThrow(key);
    expect(read).not.toThrow('short-secret');
  });
});
