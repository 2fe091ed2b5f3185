/** What the owner's own server answers, and the URLs that strangers have it told. */
import assert from 'node:assert/strict';
import { Secret } from '../../../src/access/secret.ts';
import { verifyPolicy } from '../../../src/access/signed-policy.ts';
import { parseStreamName } from '../../../src/base/names.ts';
import { readHookAnswer, writeHookBody } from '../../../src/control/admission/hook-message.ts';
import { CLIENT } from '../../fakes/access.ts';
import { streamName } from '../../fakes/media-gate.ts';
import { type Targets, texts } from '../target.ts';

const NOW = new Date('2026-08-20T05:06:30.123Z');
/** Two URLs as OvenMediaEngine's generators sign them; the first is good. */
const SIGNED =
  'ws://192.168.0.100:3333/app/stream?policy=eyJ1cmxfZXhwaXJlIjoxMzk5NzIxNTgxfQ&signature=dvVdBpoxAeCPl94Kt5RoiqLI0YE';
const OTHER = 'rtmp://h/show/slot-1?signature=x&policy=e30';
const settings = {
  secret: new Secret('1kU^b6'),
  policyName: 'policy',
  signatureName: 'signature',
};

export const admissionTargets: Targets = {
  'admission-answer': {
    vectors: texts(
      '{"allowed":true}',
      '{"allowed":false,"reason":"no"}',
      '{"allowed":true,"lifetime":3000,"new_url":"rtmp://h:1935/show/slot-2?x=1"}',
    ),
    run: (input) => {
      const answer = readHookAnswer(Buffer.from(input));
      if ('wrong' in answer || !answer.allowed) return;
      assert.equal(JSON.parse(Buffer.from(input).toString()).allowed, true);
      const { stream, lifetimeMs } = answer;
      assert.ok(stream === undefined || parseStreamName(stream) === stream);
      assert.ok(lifetimeMs === undefined || (lifetimeMs > 0 && lifetimeMs < 2 ** 31));
    },
  },
  'admission-body': {
    vectors: texts(SIGNED, OTHER, 'http://[::1]/show/slot-1?direction=whip&password=ü'),
    run: (input) => {
      const url = Buffer.from(input).toString();
      for (const protocol of ['rtmp', 'whep'] as const) {
        const client = { ...CLIENT, userAgent: url };
        const session = { protocol, url, client };
        const body = writeHookBody(session, 'closing', streamName('show/slot-1'), NOW);
        assert.match(body, /^[ -~\x7f]*$/);
        const message = JSON.parse(body);
        assert.equal(message.client.user_agent, protocol === 'rtmp' ? undefined : url);
        const told: string = message.request.url;
        // Only the port may have been added.
        assert.ok(told === url || told.replace(/^([a-z]+:\/\/[^/?#]*):\d+/i, '$1') === url);
      }
    },
  },
  'signed-policy': {
    vectors: texts(SIGNED, OTHER),
    run: (input) => {
      const url = Buffer.from(input).toString();
      const verdict = verifyPolicy({ url, address: '192.0.2.1' }, settings, 1000);
      // Nobody finds another URL for this signature; its own may only move among the parameters.
      if (verdict.isGood) assert.ok(url.includes('eyJ1cmxfZXhwaXJlIjoxMzk5NzIxNTgxfQ'));
    },
  },
};
