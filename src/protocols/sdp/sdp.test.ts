import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzz, truncations } from '../../../test/fuzz/mutate.ts';
import { readSdp, sdpVectors } from '../../../test/vectors/sdp/read.ts';
import { candidateLines, candidateText } from './candidates.ts';
import { parseDescription } from './description.ts';
import { parseFragment, writeFragment } from './fragment.ts';
import type { LocalPeer } from './parameters.ts';
import { answerPublisher } from './publish.ts';
import { isRefusal } from './refusal.ts';
import { acceptViewerAnswer, answerViewer } from './view.ts';

const local: LocalPeer = {
  ufrag: 'localUfrag',
  pwd: 'localPasswordOf24Letters',
  fingerprint: new Uint8Array(32),
  originId: '1',
  candidates: [{ transport: 'tcp', address: '192.0.2.1', port: 3478 }],
};
const ssrcs = { audio: 1, video: 2, rtx: 3 };

/** Everything that reads text from outside; whatever is accepted must also be answerable. */
function readEverything(text: string): void {
  for (const agreement of [answerPublisher(text, local), answerViewer(text, local, ssrcs)]) {
    if (isRefusal(agreement)) continue;
    assert.ok(!isRefusal(parseDescription(agreement.answer)), 'our own answer cannot be read');
    assert.doesNotMatch(agreement.answer, /undefined|NaN/);
  }
  acceptViewerAnswer(text, local, ssrcs);
  parseFragment(text);
}

test('survives every truncation of every vector', () => {
  const failures = sdpVectors().flatMap((name) =>
    [...truncations(Buffer.from(readSdp(name)))].flatMap((bytes) => {
      try {
        readEverything(Buffer.from(bytes).toString());
        return [];
      } catch (error) {
        return `${name} cut at ${bytes.length}: ${error}`;
      }
    }),
  );
  assert.deepEqual(failures, []);
});

test('survives mutation', () => {
  const vectors = sdpVectors().map((name) => Buffer.from(readSdp(name)));
  fuzz(vectors, (input) => readEverything(Buffer.from(input).toString()));
});

test('numbers that look like numbers stay the text they were', () => {
  const offer = readSdp('publish-obs-32.sdp')
    .replace(/a=ice-ufrag.*/, 'a=ice-ufrag:12345678')
    .replace(/a=ice-pwd.*/, 'a=ice-pwd:1234567890123456789012');
  const agreement = answerPublisher(offer, local);
  assert.ok(!isRefusal(agreement));
  assert.equal(agreement.peer.remoteUfrag, '12345678');
  assert.equal(agreement.peer.remotePwd, '1234567890123456789012');
});

test('candidates: UDP first, TCP passive, one foundation for each base', () => {
  const lines = candidateLines([
    { transport: 'udp', address: '192.0.2.1', port: 1 },
    { transport: 'tcp', address: '192.0.2.1', port: 2 },
    { transport: 'tcp', address: '192.0.2.1', port: 3 },
    { transport: 'tcp', address: '2001:db8::1', port: 2 },
  ]);
  assert.deepEqual(
    lines.map((line) => line.foundation),
    ['1', '2', '2', '3'],
  );
  const priorities = lines.map((line) => line.priority);
  assert.deepEqual(
    priorities,
    priorities.toSorted((a, b) => b - a),
  );
  assert.equal(new Set(priorities).size, 4);
  assert.equal(candidateText(lines[0]!), 'candidate:1 1 UDP 2130706431 192.0.2.1 1 typ host');
  assert.match(candidateText(lines[3]!), / 2001:db8::1 2 typ host tcptype passive$/);
});

test('reads the fragment of GStreamer', () => {
  assert.deepEqual(parseFragment(readSdp('fragment-gstreamer.sdpfrag')), {
    credentials: {
      ufrag: 'CqHGJoM1+/B8toGr727U0m6h9XefjERZ',
      pwd: 'uZzChdwEVDkMgwOF3OKymSpA4z1K9lpO',
    },
    candidates: 5,
    endOfCandidates: false,
  });
});

test('reads the fragment of Firefox, which ends with an attribute without a name', () => {
  assert.deepEqual(parseFragment(readSdp('fragment-firefox-153.sdpfrag')), {
    credentials: { ufrag: '25809950', pwd: 'b089abef415a08bf6d86e042b6aa9f65' },
    candidates: 8,
    endOfCandidates: true,
  });
});

const fragments: readonly { name: string; text: string; want: string | number }[] = [
  { name: 'nothing', text: '', want: 0 },
  { name: 'the end', text: 'a=mid:0\r\na=end-of-candidates\r\n', want: 0 },
  {
    name: 'an mDNS name',
    text: 'a=candidate:1 1 udp 99 6d3f-a.local 5 typ host generation 0\n',
    want: 1,
  },
  { name: 'an empty candidate', text: 'a=candidate:\r\n', want: 1 },
  { name: 'no SDP', text: '{"candidate":""}', want: 'bad-fragment' },
  { name: 'half a candidate', text: 'a=candidate:1 1 udp 99', want: 'bad-fragment' },
  {
    name: 'a port out of words',
    text: 'a=candidate:1 1 udp 99 ::1 x typ host',
    want: 'bad-fragment',
  },
  { name: 'a ufrag alone', text: 'a=ice-ufrag:abcd', want: 'bad-credentials' },
  { name: 'a million lines', text: 'a=x\n'.repeat(16_000), want: 'too-large' },
];

for (const { name, text, want } of fragments) {
  test(`fragment: ${name}`, () => {
    const fragment = parseFragment(text);
    assert.equal(isRefusal(fragment) ? fragment.refused : fragment.candidates, want);
  });
}

test('writes the answer to an ICE restart so that it can be read', () => {
  const fragment = parseFragment(writeFragment(local));
  assert.ok(!isRefusal(fragment));
  assert.deepEqual(fragment.credentials, { ufrag: local.ufrag, pwd: local.pwd });
});
