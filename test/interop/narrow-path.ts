/** Run in a network namespace whose loopback has a small MTU: sends 3000 bytes in segments above it, twice. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { loadAddon } from '../../src/native/load.ts';
import { socketFd } from '../../src/native/socket-fd.ts';

const SEGMENT_BYTES = 1200;
const TOTAL_BYTES = 3000;
const ROUNDS = 2;

const addon = loadAddon();
const sender = createSocket('udp4').bind(0, '127.0.0.1');
const receiver = createSocket('udp4').bind(0, '127.0.0.1');
await Promise.all([once(sender, 'listening'), once(receiver, 'listening')]);
const address = addon.socketAddress('127.0.0.1', receiver.address().port, false);
const fd = socketFd(sender);
const results = new Int32Array(1);

for (let round = 0; round < ROUNDS; round++) {
  const sizes: number[] = [];
  receiver.removeAllListeners('message');
  receiver.on('message', (datagram) => sizes.push(datagram.length));
  const offsets = Uint32Array.of(0, TOTAL_BYTES);
  const segments = Uint32Array.of(SEGMENT_BYTES);
  addon.udpSendBatch(fd, address, offsets, segments, 1, new Uint8Array(TOTAL_BYTES), results);
  while (sizes.length < Math.ceil(TOTAL_BYTES / SEGMENT_BYTES)) await once(receiver, 'message');
  process.stdout.write(`${results[0]}: ${sizes.join(' ')}\n`);
}
sender.close();
receiver.close();
