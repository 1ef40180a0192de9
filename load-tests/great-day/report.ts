/** The report of a great day: what happened, second by second, as a picture and a table. */
import type { PlannedFault } from './plan.ts';

export interface Sample {
  readonly second: number;
  readonly online: number;
  readonly acknowledged: number;
  /** Null: the database did not answer. */
  readonly orders: number | null;
  readonly hlsParts: number;
}
export interface FaultReport extends PlannedFault {
  readonly backAfterMs: number;
}

const WIDTH = 960;
const BAND = 130;
const LEFT = 196;
const TOP = 84;
const INK = '#3b2f27';
const GROVE = '#3f7d58';
const RED = '#b3392c';

/** How much was added from one sample to the next, a second. */
function rates(samples: readonly Sample[], read: (sample: Sample) => number | null): (number | null)[] {
  return samples.map((sample, at) => {
    const before = samples[at - 1];
    const [now, then] = [read(sample), before ? read(before) : null];
    return before && now !== null && then !== null ? (now - then) / Math.max(1, sample.second - before.second) : null;
  });
}

export function drawDay(title: string, samples: readonly Sample[], faults: readonly FaultReport[]): string {
  const bands = [
    { name: 'people online', values: samples.map(({ online }) => online as number | null) },
    { name: 'messages acknowledged /s', values: rates(samples, ({ acknowledged }) => acknowledged) },
    { name: 'orders placed /s', values: rates(samples, ({ orders }) => orders) },
    { name: 'HLS parts fetched /s', values: rates(samples, ({ hlsParts }) => hlsParts) },
  ];
  const seconds = Math.max(1, samples.at(-1)?.second ?? 1);
  const x = (second: number) => LEFT + (second / seconds) * (WIDTH - LEFT - 24);
  const height = TOP + bands.length * BAND + 40;
  const lines = bands.flatMap(({ name, values }, band) => {
    const most = Math.max(1, ...values.filter((value) => value !== null));
    const bottom = TOP + (band + 1) * BAND - 24;
    const y = (value: number) => bottom - (value / most) * (BAND - 44);
    let isDown = false;
    const path = values
      .map((value, at) => {
        if (value === null) {
          isDown = false;
          return '';
        }
        const step = `${isDown ? 'L' : 'M'}${x(samples[at]?.second ?? 0).toFixed(1)} ${y(value).toFixed(1)}`;
        isDown = true;
        return step;
      })
      .join('');
    return [
      `<line x1="${LEFT}" x2="${WIDTH - 24}" y1="${bottom}" y2="${bottom}" stroke="#e6dccb"/>`,
      `<text x="${LEFT - 12}" y="${bottom - 30}" text-anchor="end" font-size="12">${name}</text>`,
      `<text x="${LEFT - 12}" y="${bottom - 12}" text-anchor="end" font-size="11" fill="#8a7a68">most ${Math.round(most)}</text>`,
      `<path d="${path}" fill="none" stroke="${GROVE}" stroke-width="2" stroke-linejoin="round"/>`,
    ];
  });
  const marks = faults.flatMap(({ what, atSecond, backAfterMs }, at) => [
    `<rect x="${x(atSecond).toFixed(1)}" y="${TOP - 8}" width="${Math.max(2, x(atSecond + backAfterMs / 1_000) - x(atSecond)).toFixed(1)}" height="${bands.length * BAND}" fill="${RED}" opacity="0.12"/>`,
    `<text x="${(x(atSecond) + 3).toFixed(1)}" y="${TOP - 14 - (at % 2) * 14}" font-size="11" fill="${RED}">${what}</text>`,
  ]);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" fill="${INK}">
<rect width="${WIDTH}" height="${height}" fill="#fffdf8"/>
<text x="24" y="26" font-size="16" font-weight="600">${title}</text>
${[...marks, ...lines].join('\n')}
<text x="${LEFT}" y="${height - 14}" font-size="11" fill="#8a7a68">0 s</text>
<text x="${WIDTH - 24}" y="${height - 14}" text-anchor="end" font-size="11" fill="#8a7a68">${seconds} s</text>
</svg>
`;
}
