/**
 * What a Socket.IO guide's chat does, for comparison: every message is emitted to everybody as it comes. No log, no
 * accounts, no limits, nothing on disk. Environment: PORT.
 */
import { createServer } from 'node:http';
import { Server } from 'socket.io';

const http = createServer();
const io = new Server(http, { serveClient: false, perMessageDeflate: false, httpCompression: false });
io.on('connection', (socket) => {
  socket.on('message', (message: unknown, acknowledge: (answer: { ok: true }) => void) => {
    io.emit('message', message);
    acknowledge({ ok: true });
  });
});
http.listen(Number(process.env.PORT), '127.0.0.1', () => console.info('ready'));
