// Empties this media server and waits for its end: newcomers and those who are here go to the other hosts, nobody is
// interrupted. `node ops/drain.mjs` before a container is replaced; Kubernetes calls it before a pod ends.
const base = `http://127.0.0.1:${process.env.PORT ?? 4100}`;
const every = 1_000;
const asked = await fetch(`${base}/control/drain`, {
  method: 'POST',
  headers: { authorization: `Bearer ${process.env.CONTROL_TOKEN}` },
});
if (!asked.ok) {
  console.error(`the drain was refused: ${asked.status}`);
  process.exit(1);
}
console.log(`draining: ${JSON.stringify(await asked.json())}`);
// A process that is made anew in the same container does not drain any more; one that is gone does not answer.
for (;;) {
  await new Promise((resolve) => setTimeout(resolve, every));
  const health = await fetch(`${base}/healthz`, { signal: AbortSignal.timeout(5_000) })
    .then((reply) => reply.json())
    .catch(() => null);
  if (health?.draining !== true) break;
}
console.log('empty');
