// Checks a draw from what is published about it. Needs Node and nothing else:
//   node verify-draw.mjs https://the.live.example DRAW_ID
import { createHash, createHmac } from 'node:crypto';

const [origin, drawId] = process.argv.slice(2);
const base = `${origin}/api/v1/draws/${drawId}`;
const draw = await (await fetch(`${base}/public`)).json();
const list = await (await fetch(`${base}/participants?format=ndjson`)).text();
const ids =
  list.trim() === ''
    ? []
    : list
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));

const seed = Buffer.from(draw.seed, 'hex');
const sha256 = (data) => createHash('sha256').update(data).digest('hex');
const listHash = sha256(ids.join('\n'));
const score = (id) => createHmac('sha256', seed).update(`${draw.id}|${listHash}|${id}`).digest('hex');
const ranked = ids.map((id) => [score(id), id]).sort(([a], [b]) => (a < b ? -1 : 1));
const places = draw.prizes.flatMap(({ no, count }) => Array(count).fill(no));
const winners = ranked.slice(0, places.length).map(([, id], i) => `${i + 1} ${places[i]} ${id}`);

const checks = {
  'the seed is the one that was committed to': sha256(seed) === draw.commitment,
  'the list is sorted and names nobody twice': ids.every((id, i) => i === 0 || ids[i - 1] < id),
  'the list is the one that was drawn from': listHash === draw.listHash && ids.length === draw.entries,
  'the winners are these': winners.join() === draw.winners.map((w) => `${w.rank} ${w.prizeNo} ${w.publicId}`).join(),
};
for (const [what, ok] of Object.entries(checks)) console.log(`${ok ? 'ok ' : 'NOT'} ${what}`);
console.log(`${ids.length} participants, ${winners.length} winners`);
process.exit(Object.values(checks).every(Boolean) ? 0 : 1);
