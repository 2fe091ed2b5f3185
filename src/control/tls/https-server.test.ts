/** TLS on a real socket: what each kind of client gets. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { type AddressInfo, createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { AcmeAuthority } from '../../../test/doubles/acme-authority.ts';
import { Proxies } from '../http/proxies.ts';
import { Certificates, type KeyPair } from './certificates.ts';
import { createHttpsServer } from './https-server.ts';

const serve: RequestListener = (request, response) => {
  response.end(`${request.httpVersion} ${request.headers.host}`);
};
const http1 = createHttpServer(serve);
const certificates = new Certificates();
const https = createHttpsServer(certificates, {
  proxies: new Proxies([]),
  takeOver: (socket) => http1.emit('connection', socket),
  serve,
});
const listener = createServer((socket) => https.accept(socket));

before(async () => {
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
});
after(() => {
  listener.close();
  https.close();
});

function issue(name: string): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    certificate: new AcmeAuthority(Date.now).issue([name], publicKey),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** Connects; fails where the handshake does. */
async function dial(options: ConnectionOptions = {}): Promise<TLSSocket> {
  const { port } = listener.address() as AddressInfo;
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  await once(socket, 'secureConnect');
  return socket;
}

async function nameFor(options: ConnectionOptions = {}): Promise<string | undefined> {
  const socket = await dial(options);
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return subject?.CN?.toString();
}

test('nobody gets a connection before there is a certificate', async () => {
  await assert.rejects(dial({ servername: 'a.example' }));
  await assert.rejects(dial());
});

test('the certificate is for who names a host and for who does not, from its swap on', async () => {
  for (const name of ['a.example', 'b.example']) {
    certificates.serve(issue(name));
    assert.equal(await nameFor({ servername: 'a.example' }), name);
    assert.equal(await nameFor({ servername: 'other.example' }), name);
    assert.equal(await nameFor(), name);
    assert.equal(await nameFor({ maxVersion: 'TLSv1.2' }), name);
  }
});

test('HTTP/2 for who knows it, HTTP/1.1 for everybody else', async () => {
  const { port } = listener.address() as AddressInfo;
  const session = connectHttp2(`https://localhost:${port}`, { rejectUnauthorized: false });
  const request = session.request({ ':path': '/' });
  request.setEncoding('utf8');
  const [body] = await once(request, 'data');
  assert.equal(body, `2.0 localhost:${port}`);
  session.destroy();
  for (const ALPNProtocols of [['http/1.1'], ['http/1.1', 'h2c'], undefined]) {
    const socket = await dial(ALPNProtocols ? { ALPNProtocols } : {});
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    const [answer] = await once(socket, 'data');
    assert.match(String(answer), /1\.1 x/);
    socket.destroy();
  }
  await assert.rejects(dial({ ALPNProtocols: ['spdy/3'] }), 'no_application_protocol (RFC 7301)');
});

test('acme-tls/1 gets the proof for its name while there is one, and nothing else ever', async () => {
  const asAuthority = { ALPNProtocols: ['acme-tls/1'], servername: 'a.example' };
  await assert.rejects(dial(asAuthority));
  await assert.rejects(dial({ ALPNProtocols: ['acme-tls/1'] }), 'without a name');
  const withdraw = certificates.prove('a.example', issue('the-proof'));
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const socket = await dial({ ...asAuthority, servername: 'A.example', maxVersion: version });
    assert.equal(socket.getPeerCertificate().subject.CN, 'the-proof');
    await once(socket.resume(), 'close');
  }
  assert.notEqual(await nameFor({ servername: 'a.example' }), 'the-proof');
  await assert.rejects(dial({ ...asAuthority, servername: 'b.example' }));
  withdraw();
  await assert.rejects(dial(asAuthority));
});

test('who names no protocol can be given to somebody else', async () => {
  https.onUnnamed((socket) => socket.end('not HTTP'));
  const socket = await dial();
  const [bytes] = await once(socket, 'data');
  assert.equal(String(bytes), 'not HTTP');
  socket.destroy();
});
