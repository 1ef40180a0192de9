import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Demand, type Measured, plan, readDemand, readMeasured, viewerLoad } from './plan.ts';

const MEASURED: Measured = {
  viewersPerCore: 800,
  messagesPerCore: 200_000,
  socketKb: 32,
  apiBaseMb: 200,
  hotSkuPerSecond: 1_000,
  shopMsPerOrder: 0.5,
  databaseMsPerOrder: 0.7,
  walBytesPerOrder: 7_500,
  joinsPerSecond: 100,
};
const DEMAND: Demand = {
  viewers: 1_000,
  rooms: 10,
  ordersPerSecond: 100,
  hlsShare: 0,
  videoKbps: 600,
  coresPerMediaHost: 4,
};

test('a thousand viewers by WebRTC are what docs/06 says', () => {
  expect(viewerLoad(600).packets).toBeCloseTo(132, 0);
  expect(viewerLoad(600).mbps * 1_000).toBeCloseTo(753, 0);
  const found = plan({ ...DEMAND, rooms: 1 }, readMeasured());
  expect(Math.ceil(found.media.cores)).toBe(2);
  expect(found.media.mbps).toBeCloseTo(753, 0);
});

test('by hand', () => {
  const { media, api, database, recording, warnings } = plan(DEMAND, MEASURED);
  expect(media).toEqual({ hosts: 2, cores: 1.8, mbps: 752.68, mbpsPerHost: 752.68, boundBy: 'processor' });
  expect(api).toEqual({ processes: 2, cores: 0.21, memoryMbPerProcess: 232 });
  expect(database).toEqual({ cores: 0.1, walMbps: 6 });
  expect(recording.gbPerHour).toBe(2.99);
  expect(warnings).toEqual([]);
});

test('a network card is full before the cores are; one SKU has its limit', () => {
  const found = plan({ ...DEMAND, viewers: 10_000, ordersPerSecond: 900 }, MEASURED);
  expect(found.media.boundBy).toBe('network');
  expect(found.media.hosts).toBe(10);
  expect(found.media.mbpsPerHost).toBeLessThanOrEqual(900);
  expect(found.warnings).toHaveLength(2);
});

test('more of anything never needs less', () => {
  const demands = fc.record({
    viewers: fc.integer({ min: 0, max: 200_000 }),
    rooms: fc.integer({ min: 1, max: 2_000 }),
    ordersPerSecond: fc.integer({ min: 0, max: 5_000 }),
    hlsShare: fc.constantFrom(0, 0.3, 0.9),
    videoKbps: fc.integer({ min: 200, max: 4_000 }),
    coresPerMediaHost: fc.constantFrom(2, 4, 16),
  });
  fc.assert(
    fc.property(demands, fc.constantFrom('viewers', 'rooms', 'ordersPerSecond', 'videoKbps'), (demand, key) => {
      const less = plan(demand, MEASURED);
      const more = plan({ ...demand, [key]: demand[key] * 2 }, MEASURED);
      expect(more.media.hosts).toBeGreaterThanOrEqual(less.media.hosts);
      expect(more.api.processes).toBeGreaterThanOrEqual(less.api.processes);
      expect(more.database.cores).toBeGreaterThanOrEqual(less.database.cores);
    }),
  );
});

test('what is no number is said', () => {
  expect(readDemand(['--viewers', '5'])).toMatchObject({ viewers: 5, rooms: 10, videoKbps: 600 });
  expect(() => readDemand(['--viewers', 'many'])).toThrow('--viewers must be a number');
  expect(() => readDemand(['--viwers', '5'])).toThrow();
});
