/** Text that comes over HTTP and WebSockets, and the owner's own file. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Secret } from '../../../src/access/secret.ts';
import { toConfig } from '../../../src/control/config/config.ts';
import { parseSettings } from '../../../src/control/config/parse.ts';
import { classify, OPENING_BYTES_MAX } from '../../../src/control/front-door/classify.ts';
import { parsePlayerMessage } from '../../../src/control/oven-messages.ts';
import { OvenSession } from '../../../src/control/oven-session.ts';
import { StartError } from '../../../src/control/start-error.ts';
import { parseDescription } from '../../../src/protocols/sdp/description.ts';
import { parseFragment } from '../../../src/protocols/sdp/fragment.ts';
import type { LocalPeer } from '../../../src/protocols/sdp/parameters.ts';
import { answerPublisher } from '../../../src/protocols/sdp/publish.ts';
import { isRefusal } from '../../../src/protocols/sdp/refusal.ts';
import { acceptViewerAnswer, answerViewer, offerViewer } from '../../../src/protocols/sdp/view.ts';
import { CLIENT, STRANGER } from '../../fakes/access.ts';
import { FakeMedia, signallingDeps, streamName } from '../../fakes/media-gate.ts';
import { readSdp, sdpVectors } from '../../vectors/sdp/read.ts';
import { type Targets, texts } from '../target.ts';

const local: LocalPeer = {
  ufrag: 'localUfrag',
  pwd: 'localPasswordOf24Letters',
  fingerprint: new Uint8Array(32),
  originId: '1',
  candidates: [{ transport: 'tcp', address: '192.0.2.1', port: 3478 }],
};
const ssrcs = { audio: 1, video: 2, rtx: 3 };

const sdp = (): readonly Uint8Array[] => sdpVectors().map((name) => Buffer.from(readSdp(name)));

const playerMessages = [
  '{"command":"request_offer"}',
  '{"id":1,"peer_id":0,"command":"answer","sdp":{"type":"answer","sdp":"v=0\\r\\n"}}',
  '{"id":1,"command":"candidate","candidates":[{"candidate":"","sdpMLineIndex":0}]}',
  '{"command":"change_rendition","id":1,"rendition_name":"x"}\n{"command":"stop"}',
];

export const controlTargets: Targets = {
  'sdp-publish': {
    vectors: sdp,
    run: (input) => {
      const agreement = answerPublisher(Buffer.from(input).toString(), local);
      if (!isRefusal(agreement)) assertReadable(agreement.answer);
    },
  },
  'sdp-view': {
    vectors: sdp,
    run: (input) => {
      const agreement = answerViewer(Buffer.from(input).toString(), local, ssrcs);
      if (!isRefusal(agreement)) assertReadable(agreement.answer);
    },
  },
  'sdp-answer': {
    vectors: () => [...sdp(), Buffer.from(offerViewer(local, ssrcs))],
    run: (input) => void acceptViewerAnswer(Buffer.from(input).toString(), local, ssrcs),
  },
  'sdp-fragment': {
    vectors: sdp,
    run: (input) => void parseFragment(Buffer.from(input).toString()),
  },
  'ovenplayer-message': {
    vectors: texts(...playerMessages),
    run: (input) => void parsePlayerMessage(Buffer.from(input).toString()),
  },
  /** A line is a message. */
  'ovenplayer-session': {
    vectors: texts(playerMessages.join('\n'), ...playerMessages),
    run: talk,
  },
  'first-bytes': {
    vectors: () => [
      Buffer.from('16030100f1010000ed0303', 'hex'),
      Buffer.from('0054000100402112a442', 'hex'),
      Buffer.from('0300000102ec2112a442', 'hex'),
      Buffer.from('030000000000000000', 'hex'),
      Buffer.from('GET / HTTP/1.1'),
    ],
    run: arriveByteByByte,
  },
  configuration: {
    vectors: () => [
      readFileSync('config/example.yaml'),
      Buffer.from('http: {port: 3333}\napps:\n  show: {}\n'),
    ],
    run: (input) => {
      try {
        toConfig(parseSettings(Buffer.from(input).toString(), 'millrace.yaml'));
      } catch (error) {
        assert.ok(error instanceof StartError, String(error)); // what the owner is told
      }
    },
  },
};

function assertReadable(answer: string): void {
  assert.ok(!isRefusal(parseDescription(answer)), 'our own answer cannot be read');
  assert.doesNotMatch(answer, /undefined|NaN/);
}

/** Ten bytes decide, and nothing that comes later changes it. */
function arriveByteByByte(input: Uint8Array): void {
  let decided: string | undefined;
  for (let length = 0; length <= input.length; length++) {
    const opening = classify(input.subarray(0, length));
    if (opening === 'more') assert.ok(length < OPENING_BYTES_MAX && decided === undefined);
    else if (decided !== undefined) assert.equal(opening, decided, `after ${length} bytes`);
    else decided = opening;
  }
}

function talk(input: Uint8Array): void {
  const media = new FakeMedia();
  media.live.add(streamName('show/slot-1'));
  let closed = 0;
  const session = new OvenSession(
    {
      ...{ stream: streamName('show/slot-1'), transport: undefined },
      ...{ direction: undefined, link: undefined, url: new Secret('') },
      ...{ visitor: STRANGER, client: CLIENT },
    },
    { send: (message) => void JSON.stringify(message), close: () => closed++ },
    signallingDeps(media),
    0,
  );
  for (const line of Buffer.from(input).toString().split('\n')) session.receive(line, 0);
  session.advance(60_000);
  session.onClosed();
  assert.ok(closed <= 2);
}
