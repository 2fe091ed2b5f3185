import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { FakeMedia, streamName } from '../../../test/fakes/media-gate.ts';
import { awaited, stream } from '../../../test/fakes/streams.ts';
import { Counts } from './counts.ts';
import { writeExposition } from './exposition.ts';
import { metricsRoutes } from './routes.ts';

/** The text format's grammar, as far as we use it. */
const LINE =
  /^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{([a-z]+="([^"\\\n]|\\["\\n])*",?)+\})? -?[\d.e+-]+)$/;

function world(allowed = true) {
  const media = new FakeMedia();
  media.streams = [stream, awaited];
  const counts = new Counts();
  const routes = metricsRoutes({ media, counts, version: '1.2.3' }, async () =>
    allowed
      ? { name: 'test', scopes: ['metrics'], mayStill: () => true }
      : { status: 401, reason: 'sign-in-needed', detail: 'Sign in first.' },
  );
  return { media, counts, get: (path: string) => routes.request(`http://localhost${path}`) };
}

test('a scrape is well-formed, and tells of streams, endings and refusals', async () => {
  const { counts, get } = world();
  const name = streamName('show/a');
  counts.hear({ type: 'stream-live', stream: name, session: 'p', protocol: 'whip' });
  counts.hear({
    type: 'session-ended',
    session: 'v',
    role: 'viewer',
    stream: name,
    reason: 'left',
  });
  counts.hear({
    type: 'session-ended',
    session: 'w',
    role: 'viewer',
    stream: name,
    reason: 'left',
  });
  counts.refused({ protocol: 'rtmp', reason: 'wrong-key' });
  const response = await get('/metrics');
  assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  const text = await response.text();
  for (const line of text.trimEnd().split('\n')) assert.match(line, LINE);
  const lines = [
    'millrace_info{version="1.2.3"} 1',
    'millrace_streams_live 1',
    'millrace_streams_awaited 1',
    'millrace_viewers{stream="show/a",protocol="whep",transport="tcp"} 1',
    'millrace_stream_received_bytes_total{stream="show/a"} 900000',
    'millrace_stream_video_keyframe_interval_seconds{stream="show/a"} 1',
    'millrace_stream_finding{stream="show/a",code="b-frames",severity="problem"} 1',
    'millrace_streams_started_total 1',
    'millrace_sessions_ended_total{role="viewer",reason="left"} 2',
    'millrace_refusals_total{protocol="rtmp",reason="wrong-key"} 1',
  ];
  for (const line of lines) assert.ok(text.split('\n').includes(line), line);
  assert.doesNotMatch(text, /show\/awaited|192\.0\.2|viewer-1/);
});

test('text in labels cannot end them', () => {
  const samples = [{ labels: { text: 'a"b\\c\nd' }, value: 1 }];
  const text = writeExposition([{ name: 'x', type: 'gauge', help: 'a\nb', samples }]);
  assert.equal(text, '# HELP x a\\nb\n# TYPE x gauge\nx{text="a\\"b\\\\c\\nd"} 1\n');
});

test('every metric is explained, and every explained metric exists', async () => {
  const text = await (await world().get('/metrics')).text();
  const told = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name);
  const page = readFileSync('docs/reference/metrics.md', 'utf8');
  const explained = [...page.matchAll(/^\| `([a-z_]+)/gm)].map(([, name = '']) => name);
  assert.deepEqual(explained.toSorted(), told.toSorted());
});

test('metrics are for who may; health is for anyone', async () => {
  const { get } = world(false);
  assert.equal((await get('/metrics')).status, 401);
  assert.equal((await get('/healthz')).status, 200);
  assert.equal((await get('/readyz')).status, 200);
});

test('not ready while the media thread is silent, which is asked once a second at most', async () => {
  const { media, get } = world();
  let asked = 0;
  media.stats = async () => {
    asked += 1;
    throw new Error('the media thread does not answer');
  };
  const answers = await Promise.all([get('/readyz'), get('/readyz'), get('/readyz')]);
  assert.deepEqual(
    answers.map(({ status }) => status),
    [503, 503, 503],
  );
  assert.equal(asked, 1);
});
