/** Run on one side of a lab as `node tuned-sender.ts <port>`: sends to whoever connects, each 20 ms, as to a viewer over TCP. */
import { createServer } from 'node:net';
import { loadAddon } from '../../src/native/load.ts';
import { socketFd } from '../../src/native/socket-fd.ts';

const NOTSENT_BYTES = 64 * 1024;
const addon = loadAddon();

createServer((socket) => {
  addon.tcpTune(socketFd(socket), NOTSENT_BYTES, true);
  const timer = setInterval(() => socket.write(Buffer.alloc(500)), 20);
  socket.on('error', () => {});
  socket.on('close', () => clearInterval(timer));
}).listen(Number(process.argv[2]), () => process.stdout.write('listening\n'));
