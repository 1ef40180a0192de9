/** A line through these dots as triangles, `width` units of the picture wide. */
export function ribbon(
  path: readonly number[],
  { x, y }: { readonly x: Float32Array; readonly y: Float32Array },
  width: number,
): { x: Float32Array; y: Float32Array } {
  const half = width / 2;
  const xs: number[] = [];
  const ys: number[] = [];
  for (const [at, to] of path.slice(1).entries()) {
    const from = path[at] as number;
    const [ax, ay, bx, by] = [x[from] as number, y[from] as number, x[to] as number, y[to] as number];
    const length = Math.hypot(bx - ax, by - ay) || 1;
    const [nx, ny] = [(-(by - ay) / length) * half, ((bx - ax) / length) * half];
    xs.push(ax + nx, ax - nx, bx + nx, bx + nx, ax - nx, bx - nx);
    ys.push(ay + ny, ay - ny, by + ny, by + ny, ay - ny, by - ny);
  }
  return { x: Float32Array.from(xs), y: Float32Array.from(ys) };
}
