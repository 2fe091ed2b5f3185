import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenPorts } from './open-ports.ts';

test('ports are told as they open, and close again', () => {
  const onePort: { port: number | undefined } = { port: undefined };
  const ports = new OpenPorts({ rtmp: null, iceTcp: 3478, iceUdp: 10_000 }, onePort);
  ports.openedHttp(3333);
  const first = { http: 3333, rtmp: null, iceTcp: 3478, iceUdp: 10_000 };
  assert.deepEqual(ports.now, { ...first, https: null, ovenplayer: null, onePort: null });
  const tls: { httpsPort: number | undefined; ovenplayerPort: number | undefined } = {
    httpsPort: undefined,
    ovenplayerPort: 3334,
  };
  ports.openedTls(tls);
  assert.deepEqual(ports.now, { ...first, https: null, ovenplayer: 3334, onePort: null });
  tls.httpsPort = 443;
  onePort.port = 443;
  assert.deepEqual(ports.now, { ...first, https: 443, ovenplayer: 3334, onePort: 443 });
});
