/** What pebble does not have: renewal information (RFC 9773) and profiles, by a stub behind a real port. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { AcmeAuthority } from '../doubles/acme-authority.ts';
import { eventually, freeSecurePorts, startWithTls } from './secure-server.ts';
import { freeTcpPort } from './server.ts';
import { TestAuthority } from './test-authority.ts';

const NAME = 'live.example.net';
/** Certificates younger than a 24th of it are not replaced: ten seconds. */
const LIFETIME_MS = 240_000;

test('renews when the authority suggests it, by the profile that is configured', async () => {
  using keys = new TestAuthority();
  keys.issue(['localhost']);
  const ports = await freeSecurePorts();
  const port = await freeTcpPort();
  const authority = new AcmeAuthority(Date.now, `https://localhost:${port}`);
  authority.lifetimeMs = LIFETIME_MS;
  authority.window = { startMs: -2000, endMs: -1000 };
  authority.profiles = { shortlived: 'six days' };
  authority.validate = async ({ type, token, keyAuthorization }) => {
    const url = `http://127.0.0.1:${ports.http}/.well-known/acme-challenge/${token}`;
    const shown = await (await fetch(url)).text();
    const isRight = type === 'http-01' && shown === keyAuthorization;
    return isRight ? undefined : { status: 403, type: 'unauthorized', detail: shown };
  };
  const stub = createServer(
    { cert: readFileSync(keys.certificateFile), key: readFileSync(keys.keyFile) },
    async (request, response) => {
      const answer = await authority.send(await asRequest(request, port));
      if ('failed' in answer) throw new Error(answer.message);
      for (const [name, value] of Object.entries(answer.headers))
        response.setHeader(name, value ?? '');
      response.writeHead(answer.status).end(answer.body);
    },
  );
  stub.listen(port, 'localhost');
  await once(stub, 'listening');
  try {
    await using server = await startWithTls({
      ports,
      domain: NAME,
      tls: [`directory: "https://localhost:${port}/dir"`, 'profile: shortlived'],
      environment: { NODE_EXTRA_CA_CERTS: keys.caFile },
    });
    await eventually('the first certificate', () => authority.orders[0]?.certificate);
    await eventually('the renewal', () => authority.orders[1]?.certificate, 30_000);
    const [first, second] = authority.orders;
    assert.equal(first?.request['profile'], 'shortlived');
    const asked = authority.requests.find((line) => line.startsWith('GET /renewal/'));
    assert.equal(second?.request['replaces'], asked?.slice('GET /renewal/'.length));
    assert.doesNotMatch(server.log, /certificate\.trouble|was not renewed|a bug/);
  } finally {
    stub.close();
    stub.closeAllConnections();
  }
});

async function asRequest(request: IncomingMessage, port: number) {
  return {
    method: request.method === 'POST' ? 'POST' : 'GET',
    url: `https://localhost:${port}${request.url}`,
    headers: {},
    body: (await buffer(request)).toString(),
  } as const;
}
