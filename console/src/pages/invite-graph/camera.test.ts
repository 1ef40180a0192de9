import { expect, it } from 'vitest';
import { between, pan, toPicture, toScreen, wholeView, within, zoomAt } from './camera.ts';

const size = { width: 800, height: 600 };
const extent = { radius: 100 };

it('a picture that is shown whole has room around it, and what is on the screen is found again', () => {
  const camera = wholeView(extent, size);
  const edge = toScreen(camera, size, { x: 0, y: 100 });
  expect(edge.x).toBe(400);
  expect(edge.y).toBeGreaterThan(20);
  expect(edge.y).toBeLessThan(60);
  const back = toPicture(camera, size, edge);
  expect(back.x).toBeCloseTo(0);
  expect(back.y).toBeCloseTo(100);
});

it('what is under the pointer stays there while one comes nearer, and follows the finger while one moves', () => {
  const camera = { x: 10, y: -5, scale: 3 };
  const at = { x: 123, y: 456 };
  const under = toPicture(camera, size, at);
  for (const factor of [0.5, 1.7, 4]) {
    const then = toScreen(zoomAt(camera, factor, at, size), size, under);
    expect([then.x, then.y].map(Math.round)).toEqual([123, 456]);
  }
  const moved = toScreen(pan(camera, 30, -12), size, under);
  expect([moved.x, moved.y].map(Math.round)).toEqual([153, 444]);
});

it('nobody gets lost: the camera stays over the picture, at a distance that shows something', () => {
  const lost = within({ x: 1e9, y: -1e9, scale: 1e9 }, extent, size);
  expect([lost.x, lost.y]).toEqual([100, -100]);
  expect(lost.scale).toBeLessThan(20);
  expect(within({ x: 0, y: 0, scale: 1e-9 }, extent, size).scale).toBeGreaterThan(0.5);
});

it('the way from one camera to another begins here and ends there', () => {
  const [from, to] = [
    { x: 0, y: 0, scale: 1 },
    { x: 10, y: 20, scale: 16 },
  ];
  expect(between(from, to, 0)).toEqual(from);
  expect(between(from, to, 1)).toEqual(to);
  expect(between(from, to, 0.5).scale).toBeCloseTo(4);
});
