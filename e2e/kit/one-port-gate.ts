/**
 * The one way out of a network namespace: listens inside it on 127.0.0.1:PORT and hands every connection to a socket file,
 * which a process outside serves. Run by firewalled-chromium.ts; the kernel ends it with the browser.
 */
import { writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';

const [port, wayOut, readyFile] = process.argv.slice(2);
if (!port || !wayOut || !readyFile) throw new Error('usage: one-port-gate.ts PORT SOCKET_FILE READY_FILE');

const gate = createServer((inside) => {
  const outside = connect(wayOut);
  inside.on('error', () => outside.destroy());
  outside.on('error', () => inside.destroy());
  inside.on('close', () => outside.destroy());
  outside.on('close', () => inside.destroy());
  inside.pipe(outside).pipe(inside);
});
gate.listen(Number(port), '127.0.0.1', () => writeFileSync(readyFile, ''));
