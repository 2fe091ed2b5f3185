import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endpointOf, parseSwitch, parseTransport, parseVolume } from './options.ts';

test('reads switches as an author writes them', () => {
  for (const off of ['0', 'off', 'false', 'no', 'OFF', ' 0 ']) {
    assert.equal(parseSwitch(off, true), false, off);
  }
  for (const on of ['', '1', 'on', 'muted']) assert.equal(parseSwitch(on, false), true, on);
  assert.equal(parseSwitch(null, true), true);
  assert.equal(parseSwitch(null, false), false);
});

test('reads a volume and keeps it in its range', () => {
  const cases: [string | null, number][] = [
    [null, 1],
    ['', 1],
    ['loud', 1],
    ['0', 0],
    ['0.35', 0.35],
    ['7', 1],
    ['-1', 0],
  ];
  for (const [text, want] of cases) assert.equal(parseVolume(text), want, String(text));
});

test('takes only transports that there are', () => {
  assert.equal(parseTransport('tcp'), 'tcp');
  assert.equal(parseTransport('sctp'), undefined);
  assert.equal(parseTransport(null), undefined);
});

test('finds the endpoint beside the script, or where an absolute URL says', () => {
  const script = 'https://live.example/player.js';
  const cases: [string, string | undefined][] = [
    ['/app/stream', 'https://live.example/app/stream/whep'],
    ['app/stream', 'https://live.example/app/stream/whep'],
    ['/app/stream/', 'https://live.example/app/stream/whep'],
    ['http://10.0.0.2:3333/app/stream#x', 'http://10.0.0.2:3333/app/stream/whep'],
    ['/app/stream?token=t', 'https://live.example/app/stream/whep?token=t'],
    ['', undefined],
    ['javascript:alert(1)', undefined],
    ['http://[', undefined],
  ];
  for (const [src, want] of cases) assert.equal(endpointOf(src, script), want, src);
  assert.equal(
    endpointOf('app/stream', 'https://proxy.example/video/player.js'),
    'https://proxy.example/video/app/stream/whep',
  );
});
