import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { parseStunMessage, writeStunMessage } from '../protocols/stun/message.ts';

/** When the request is repeated: RFC 8489 §6.2.1 starts at 500 ms; an answer normally takes 50. */
const RETRY_MS = 500;
const TRIES = 3;

/** Asks a STUN server which IPv4 address it sees us come from (RFC 8489 §3). */
export async function askStunServer(server: { host: string; port: number }): Promise<string> {
  const transactionId = randomBytes(12);
  const request = writeStunMessage({ class: 'request', transactionId }, undefined);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = createSocket('udp4');
  socket.on('error', reject);
  socket.on('message', (bytes) => {
    const message = parseStunMessage(bytes);
    if (typeof message === 'string' || message.class !== 'success') return;
    if (!transactionId.equals(message.transactionId)) return;
    const ip = message.mappedAddress?.ip;
    if (ip?.length === 4) resolve(ip.join('.'));
  });
  let sent = 0;
  const send = () => {
    if (sent === TRIES) return reject(new Error('no answer'));
    sent += 1;
    socket.send(request, server.port, server.host, (error) => error && reject(error));
  };
  send();
  const timer = setInterval(send, RETRY_MS);
  try {
    return await promise;
  } finally {
    clearInterval(timer);
    socket.close();
  }
}
