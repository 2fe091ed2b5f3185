import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Server as TcpServer,
} from 'node:net';
import { test } from 'node:test';
import type { ReachReport } from '../../api/setup.ts';
import { Reach } from './reach.ts';

async function opened<Kind extends Server | TcpServer>(server: Kind): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  server.unref();
  return (server.address() as AddressInfo).port;
}

type World = {
  readonly http: number;
  readonly rtmp?: number;
  readonly resolved: readonly string[];
  readonly addresses?: readonly string[];
};

function reachIn({ http, rtmp, resolved, addresses = [] }: World): Reach {
  const none = { https: null, ovenplayer: null, onePort: null };
  return new Reach({
    ports: () => ({ http, rtmp: rtmp ?? null, iceTcp: http, iceUdp: 0, ...none }),
    addresses,
    resolve: async () => resolved,
  });
}

async function look(reach: Reach, host: string | null): Promise<ReachReport> {
  const report = await reach.look(host);
  assert.ok('checks' in report);
  return report;
}

test('a name leads here when the call by it finds the mark that was just made', async () => {
  const asked: string[] = [];
  let reach: Reach | undefined;
  const http = await opened(
    createServer((request, response) => {
      const mark = request.url?.split('/').at(-1) ?? '';
      asked.push(`${request.headers.host} ${request.url?.replace(mark, 'MARK')}`);
      response.writeHead(reach?.knows(mark) ? 204 : 404).end();
    }),
  );
  const rtmp = await opened(createTcpServer((socket) => socket.destroy()));
  reach = reachIn({ http, rtmp, resolved: ['127.0.0.1'] });
  const { host, checks } = await look(reach, 'live.example.net');
  assert.equal(host, 'live.example.net');
  assert.deepEqual(asked, ['live.example.net /api/setup/marks/MARK']);
  assert.deepEqual(
    checks.map(({ ok, says }) => [ok, says]),
    [
      [true, 'live.example.net is 127.0.0.1'],
      [true, `127.0.0.1, TCP ${http}: leads here`],
      [true, `127.0.0.1, TCP ${rtmp}, ${http}: answers`],
    ],
  );
  assert.equal(reach.knows('anything else'), false);
  const byAddress = await look(reach, '127.0.0.1');
  assert.equal(byAddress.checks[0]?.says, `127.0.0.1, TCP ${http}: leads here`);
});

test('another server at that name is told from silence, and asked nothing more', async () => {
  const http = await opened(createServer((_, response) => response.writeHead(404).end()));
  const closed = createTcpServer();
  const silent = await opened(closed);
  closed.close();
  const another = await look(reachIn({ http, rtmp: silent, resolved: ['127.0.0.1'] }), 'a.example');
  assert.match(another.checks[1]?.says ?? '', /another server answers/);
  assert.match(another.checks[1]?.remedy ?? '', /Correct the A record/);
  assert.equal(another.checks.length, 2, "what else it has open is nobody's business");
  const nothing = await look(reachIn({ http: silent, resolved: ['127.0.0.1'] }), 'a.example');
  assert.match(nothing.checks[1]?.says ?? '', /does not answer from here/);
  assert.match(nothing.checks[1]?.remedy ?? '', /firewall/);
});

test('a name without an address says which record to make', async () => {
  const reach = reachIn({ http: 1, resolved: [], addresses: ['10.0.0.7', '198.51.100.7'] });
  const { checks } = await look(reach, 'new.example.net');
  assert.deepEqual(
    checks.map(({ ok, says }) => [ok, says]),
    [[false, 'new.example.net does not resolve']],
  );
  assert.match(checks[0]?.remedy ?? '', /A record for new\.example\.net with 198\.51\.100\.7/);
});

test('without a domain the best public address is tried; where there is none, that is said', async () => {
  const { host, checks } = await look(
    reachIn({ http: 1, resolved: [], addresses: ['10.0.0.7'] }),
    null,
  );
  assert.equal(host, null);
  assert.match(checks[0]?.says ?? '', /none of the addresses of this machine is public/);
});

test('one look at a time', async () => {
  const reach = reachIn({ http: 1, resolved: [] });
  const first = reach.look('a.example');
  const second = await reach.look('a.example');
  assert.ok('reason' in second && second.reason === 'limit-reached');
  assert.ok('checks' in (await first));
});
