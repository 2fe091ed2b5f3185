import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StreamKey } from '../access/stream-key.ts';
import { RefusalLog } from './access/refusal-log.ts';
import { writeBanner } from './banner.ts';
import { explainListenError, type ListeningSocket } from './listen-problem.ts';
import { createLog } from './log.ts';
import { StartError } from './start-error.ts';

function logged(readable: boolean, run: (log: ReturnType<typeof createLog>) => void): string {
  let text = '';
  const write = (line: string) => {
    text += line;
  };
  run(createLog({ level: 'info', readable, write }));
  return text;
}

test('one line an event, for programs and for people', () => {
  const refuse = (log: ReturnType<typeof createLog>) =>
    new RefusalLog(log).listener({
      protocol: 'rtmp',
      target: 'show/a',
      address: '192.0.2.1',
      reason: 'wrong-key',
      message: 'No.',
    });
  const { time, ...entry } = JSON.parse(logged(false, refuse));
  assert.match(time, /^\d{4}-.*Z$/);
  assert.deepEqual(entry, {
    level: 'warn',
    stream: 'show/a',
    address: '192.0.2.1',
    reason: 'wrong-key',
    msg: 'rtmp refused: No.',
  });
  assert.match(
    logged(true, refuse),
    /^\d\d:\d\d:\d\d\.\d{3} warn {2}rtmp refused: No\. {2}stream=show\/a address=192\.0\.2\.1 reason=wrong-key\n$/,
  );
});

test('secrets do not get out, and no field forges a line', () => {
  const key = new StreamKey('hush');
  const text = logged(true, (log) => {
    log.info({ key: 'hush', request: { authorization: 'Bearer hush', credential: 'hush' } }, 'a');
    log.info({ rules: { publishKey: key }, key }, 'b');
    log.info({ agent: 'x\n00:00:00.000 error forged' }, 'c');
    log.debug('unheard');
  });
  assert.ok(!text.includes('hush'));
  assert.equal(text.trimEnd().split('\n').length, 3);
});

const facts = {
  host: '2001:db8::7',
  publicUrl: undefined,
  networkHost: undefined,
  httpsPort: undefined,
  httpPort: 3333,
  rtmpPort: 1935,
  demo: undefined,
  app: 'show',
  key: { file: '.state/publish-key', secret: new StreamKey('hush') },
  openApps: [],
  claimCode: undefined,
};

test('the banner says where to watch, then where to publish, then what OBS needs', () => {
  const text = writeBanner(facts);
  const order = [
    'http://[2001:db8::7]:3333/show/stage\n',
    'http://[2001:db8::7]:3333/show/stage/whip   Bearer Token hush',
    'rtmp://[2001:db8::7]:1935/show   Stream Key stage?key=hush',
    'Service WHIP | Server http://[2001:db8::7]:3333/show/stage/whip | Bearer Token hush',
    'Service Custom... | Server rtmp://[2001:db8::7]:1935/show | Stream Key stage?key=hush',
    'Keyframe Interval 1 s',
  ].map((part) => text.indexOf(part));
  assert.ok(!order.includes(-1));
  assert.deepEqual(
    order,
    order.toSorted((a, b) => a - b),
  );
  assert.match(writeBanner({ ...facts, demo: 'demo/clock' }), /^Watch +http.*\/demo\/clock\n/);
  assert.doesNotMatch(writeBanner({ ...facts, rtmpPort: undefined }), /rtmp/i);
});

const own = { name: 'HTTP', port: 3333, keys: 'http', option: '--http-port' };
const ofMedia: readonly ListeningSocket[] = [
  { name: 'RTMP', port: 1935, keys: 'rtmp', option: '--rtmp-port' },
  { name: 'ICE over UDP', port: 10_000, keys: 'ice.udp', option: '--ice-udp-port' },
];

test('a socket that does not open is named, with the remedy', () => {
  const cases: readonly [string, string, RegExp][] = [
    ['EADDRINUSE', 'RTMP cannot use port 1935', /1935 \(RTMP\).*--rtmp-port/],
    ['EADDRINUSE', 'ICE over UDP cannot use port 10000', /\(ICE over UDP\).*ice\.udp\.port/],
    ['EACCES', 'listen EACCES: permission denied 0.0.0.0:80', /HTTP.*not allowed/],
    ['addon-missing', 'The addon is not there. Build it.', /Build it\.$/],
    ['EADDRNOTAVAIL', 'ICE over UDP cannot be opened', /ice\.udp\.address/],
  ];
  for (const [code, message, says] of cases) {
    const told = explainListenError(Object.assign(new Error(message), { code }), own, ofMedia);
    assert.ok(told instanceof StartError);
    assert.match(told.message, says);
  }
  const other = new Error('a bug');
  assert.equal(explainListenError(other, own, ofMedia), other);
});
