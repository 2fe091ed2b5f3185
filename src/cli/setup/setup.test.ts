import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { configOf } from '../../control/config/load.ts';
import { checkApp, checkDomain, checkOwner, checkPassword } from './answers.ts';
import { withAnswers } from './configuration.ts';
import { Dialogue } from './dialogue.ts';

const DOMAIN = 'live.example.net';

const files: readonly { was: string; becomes: string }[] = [
  { was: '', becomes: 'domain: live.example.net\napps:\n  show:\n' },
  {
    was: '# ours\n\nlog_level: warn # quiet\n# the end\n',
    becomes:
      '# ours\n\nlog_level: warn # quiet\ndomain: live.example.net\napps:\n  show:\n\n# the end\n',
  },
  {
    was: '# head\ndomain: old.example.net # mine\napps:\n  # a\n  a: {viewing: link}\n',
    becomes:
      '# head\ndomain: live.example.net # mine\napps:\n  # a\n  a: {viewing: link}\n  show:\n',
  },
  {
    was: 'apps: # none yet\nhttp:\n  port: 3333\n',
    becomes: 'apps:\n  # none yet\n  show:\nhttp:\n  port: 3333\ndomain: live.example.net\n',
  },
];

for (const { was, becomes } of files) {
  test(`a configuration keeps what it has: ${JSON.stringify(was)}`, () => {
    const text = withAnswers(was, { domain: DOMAIN, app: 'show' });
    assert.equal(text, becomes);
    const config = configOf(text, 'millrace.yaml', new Map());
    assert.equal(config.domain, DOMAIN);
    assert.ok(config.apps?.has('show'));
  });
}

test('a configuration that says so already stays byte for byte', () => {
  const text =
    'http:\n      port:   3333\n\n\ndomain:   live.example.net\napps: { show: , b: ~ }\n';
  assert.equal(withAnswers(text, { domain: DOMAIN, app: 'show' }), text);
  assert.equal(withAnswers(text, { domain: undefined, app: undefined }), text);
  const inFlow = withAnswers(text, { domain: undefined, app: 'c' });
  assert.deepEqual(
    [...(configOf(inFlow, 'millrace.yaml', new Map()).apps?.keys() ?? [])],
    ['show', 'b', 'c'],
  );
});

test('answers are taken as people write them, or refused with what to write', () => {
  assert.deepEqual(checkDomain(''), { value: undefined });
  for (const text of [DOMAIN, 'LIVE.example.net', `https://${DOMAIN}/`, `${DOMAIN}/`]) {
    assert.deepEqual(checkDomain(text), { value: DOMAIN }, text);
  }
  const wrong = [
    'localhost',
    '203.0.113.7',
    'a b.net',
    `${DOMAIN}:443`,
    `${DOMAIN}/live`,
    '-a.net',
  ];
  for (const text of wrong) assert.ok('wrong' in checkDomain(text), text);
  assert.deepEqual(checkApp('live'), { value: 'live' });
  for (const text of ['', 'a/b', 'my show', 'api']) assert.ok('wrong' in checkApp(text), text);
  assert.deepEqual(checkOwner('ann'), { value: 'ann' });
  for (const text of ['', 'a\u001bb']) assert.ok('wrong' in checkOwner(text));
  assert.deepEqual(checkPassword('0123456789'), { value: '0123456789' });
  for (const text of ['', '012345678', 'x'.repeat(257)]) assert.ok('wrong' in checkPassword(text));
});

function dialogue(typed: string) {
  const input = new PassThrough();
  const said = { text: '', cancelled: 0 };
  const asked = new Dialogue({
    input,
    write: (text) => {
      said.text += text;
    },
    onCancel: () => {
      said.cancelled += 1;
    },
  });
  input.write(typed);
  return { asked, said, input };
}

test('a question is asked until its answer makes sense, also where all was typed ahead', async () => {
  const { asked, said } = dialogue('my show\rshow\r\rlater\rY\r');
  assert.equal(await asked.ask({ text: 'App', check: checkApp }), 'show');
  assert.equal(await asked.ask({ text: 'App', usual: 'live', check: checkApp }), 'live');
  assert.equal(await asked.confirm('Sure?', false), true);
  assert.match(said.text, /no name for an app/);
  assert.match(said.text, /App \[live\]: /);
  assert.match(said.text, /Answer y or n/);
  asked.close();
  assert.equal(said.cancelled, 0);
});

test('a password is not shown, and has to come twice the same', async () => {
  const { asked, said, input } = dialogue('');
  const password = asked.askPassword('Password', checkPassword);
  for (const line of ['short', '0123456789', '9876543210', '0123456789', '0123456789']) {
    input.write(`${line}\r`);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(await password, '0123456789');
  asked.close();
  assert.match(said.text, /10 to 256 characters/);
  assert.match(said.text, /The two are different/);
  assert.doesNotMatch(said.text, /0123456789|9876543210|short/);
});

test('Ctrl-C and the end of the terminal cancel, once', async () => {
  for (const end of ['\u0003', '\u0004']) {
    const { asked, said, input } = dialogue('');
    void asked.ask({ text: 'App', check: checkApp });
    input.write(end);
    await new Promise((resolve) => setImmediate(resolve));
    asked.close();
    assert.equal(said.cancelled, 1);
  }
});
