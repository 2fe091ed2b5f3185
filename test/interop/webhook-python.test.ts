/** The verification that docs/reference/events.md shows, run by Python. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { newWebhookSecret, signedHeaders } from '../../src/control/notify/standard-webhook.ts';

const BODY = '{"type":"stream.live","data":{"stream":"show/slot-1","note":"für alle"}}';

test('Python as documented takes what we sign, and nothing else', () => {
  const [, code = ''] =
    /```python\n([\s\S]*?)```/.exec(readFileSync('docs/reference/events.md', 'utf8')) ?? [];
  const secret = newWebhookSecret();
  const headers = signedHeaders(secret, 'msg_1', BODY, Date.now());
  const tries = [
    [secret.reveal(), headers, BODY],
    [secret.reveal(), headers, BODY.replace('slot-1', 'slot-2')],
    [secret.reveal(), { ...headers, 'webhook-timestamp': '1' }, BODY],
    [newWebhookSecret().reveal(), headers, BODY],
  ];
  const program = `${code}
import json, sys
print(json.dumps([is_from_millrace(s, h, b.encode()) for s, h, b in json.load(sys.stdin)]))`;
  const out = execFileSync('python3', ['-c', program], { input: JSON.stringify(tries) });
  assert.deepEqual(JSON.parse(out.toString()), [true, false, false, false]);
});
