/** `millrace setup` as a person answers it at a terminal, and as a script does. */
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { PersonInfo } from '../../src/api/access.ts';
import { checkAnswers } from '../../src/cli/doctor/reach.ts';
import { configOf } from '../../src/control/config/load.ts';
import { millrace, millraceJson } from './command.ts';
import { freeTcpPort, TestServer } from './server.ts';
import { Terminal } from './terminal.ts';

const PASSWORD = 'correct horse battery';
/** No resolver knows it (RFC 6761), and no authority is asked. */
const DOMAIN = 'live.example.test';
/** The first question to the end, as the issue has it. */
const MINUTE_MS = 60_000;

const base = mkdtempSync(join(tmpdir(), 'millrace-setup-'));
after(() => rmSync(base, { recursive: true, force: true }));

function newFolder(name: string): string {
  const folder = join(base, name);
  mkdirSync(folder);
  return folder;
}

test('a person is asked, asked again where an answer is wrong, and told what is left', async () => {
  const folder = newFolder('person');
  const file = join(folder, 'millrace.yaml');
  writeFileSync(file, '# ours\nlog_level: warn # quiet\n');
  const beganMs = performance.now();
  await using terminal = new Terminal(['setup'], folder);
  await terminal.sees('Domain: ');
  terminal.types('203.0.113.7');
  await terminal.sees('is no domain');
  await terminal.sees('Domain: ');
  terminal.types(`https://${DOMAIN}/`);
  await terminal.sees('App [live]: ');
  terminal.types('my show');
  await terminal.sees('is no name for an app');
  terminal.types('show');
  await terminal.sees('sign in with: ');
  terminal.types('ann');
  await terminal.sees('Password: ');
  terminal.types('short');
  await terminal.sees('10 to 256 characters');
  terminal.types(PASSWORD);
  await terminal.sees('once more: ');
  terminal.types(`${PASSWORD}!`);
  await terminal.sees('The two are different');
  terminal.types(PASSWORD);
  await terminal.sees('once more: ');
  terminal.types(PASSWORD);
  await terminal.sees('Go on? [Y/n]: ');
  assert.deepEqual(readdirSync(folder), ['millrace.yaml'], 'nothing is made before that');
  terminal.types('');
  assert.equal(await terminal.ended(), 0, terminal.shown);
  assert.ok(performance.now() - beganMs < MINUTE_MS);
  assert.ok(!terminal.shown.includes(PASSWORD), 'the password is not shown');
  assert.match(terminal.shown, /port 3333 TCP/);
  assert.match(terminal.shown, /does not resolve/);
  assert.match(terminal.shown, /Stream Key stage\?key=\S{32}/);
  assert.match(terminal.shown, /Firewall +let in TCP .*1935/);
  const text = readFileSync(file, 'utf8');
  assert.equal(text, `# ours\nlog_level: warn # quiet\ndomain: ${DOMAIN}\napps:\n  show:\n`);
  const here = ['--config', file, '--state-dir', join(folder, '.state')];
  const [owner] = await millraceJson<PersonInfo[]>(['user', 'list', ...here]);
  assert.deepEqual([owner?.name, owner?.role], ['ann', 'owner']);
  await replaces(folder, file);
});

/** The second time: what is there is offered, and replaced where that is said twice. */
async function replaces(folder: string, file: string): Promise<void> {
  const before = readFileSync(file, 'utf8');
  for (const [sure, after] of [
    ['n', before],
    ['y', before.replace(DOMAIN, 'other.example.test')],
  ] as const) {
    await using terminal = new Terminal(['setup'], folder);
    await terminal.sees(`Domain [${DOMAIN}]: `);
    terminal.types('other.example.test');
    await terminal.sees('in its place? [y/N]: ');
    terminal.types(sure);
    await terminal.sees('App [show]: ');
    terminal.types('');
    await terminal.sees('ann has an account already');
    await terminal.sees('Go on? ');
    terminal.types('');
    assert.equal(await terminal.ended(), 0, terminal.shown);
    assert.equal(readFileSync(file, 'utf8'), after);
    assert.doesNotMatch(terminal.shown, /key=\S{32}/, 'the key is shown once');
  }
}

const endings: Readonly<Record<string, (terminal: Terminal) => Promise<number>>> = {
  'Ctrl-C at a question': async (terminal) => {
    terminal.pressesCtrlC();
    return 130;
  },
  'Ctrl-C at the password': async (terminal) => {
    await typesAhead(terminal);
    terminal.pressesCtrlC();
    return 130;
  },
  'a no at the end': async (terminal) => {
    await typesAhead(terminal);
    for (const line of [PASSWORD, PASSWORD, 'n']) terminal.types(line);
    return 0;
  },
};

async function typesAhead(terminal: Terminal): Promise<void> {
  for (const line of ['', '', 'ann']) terminal.types(line);
  await terminal.sees('Password: ');
}

for (const [name, end] of Object.entries(endings)) {
  test(`${name} changes nothing`, async () => {
    const folder = newFolder(name.replaceAll(' ', '-'));
    await using terminal = new Terminal(['setup'], folder);
    await terminal.sees('Domain: ');
    const code = await end(terminal);
    assert.equal(await terminal.ended(), code, terminal.shown);
    assert.match(terminal.shown, /Nothing was changed/);
    assert.deepEqual(readdirSync(folder), []);
  });
}

test('a script says all by options; nothing is replaced, and what is there is kept', async () => {
  const folder = newFolder('script');
  const file = join(folder, 'millrace.yaml');
  const here = ['--config', file, '--state-dir', join(folder, 'state')];
  const setup = ['setup', '--owner', 'ann', ...here];
  const lost = await millrace(setup, `${PASSWORD}\n`);
  assert.equal(lost.code, 2);
  assert.match(lost.error, /no terminal/);
  const wrong: readonly (readonly [args: string[], input: string, says: RegExp])[] = [
    [['--domain', 'a b'], PASSWORD, /no domain/],
    [['--app', 'a/b'], PASSWORD, /no name for an app/],
    [[], 'short', /10 to 256/],
    [[], '', /nothing came in/],
  ];
  for (const [args, input, says] of wrong) {
    const { code, error } = await millrace([...setup, '--yes', ...args], input);
    assert.equal(code, 2);
    assert.match(error, says);
  }
  assert.deepEqual(readdirSync(folder), []);
  const all = [...setup, '--yes', '--domain', DOMAIN, '--app', 'show'];
  const made = await millraceJson<{ key: string; keyFile: string }>(all, `${PASSWORD}\n`);
  assert.equal(made.key, readFileSync(made.keyFile, 'utf8').trim());
  const text = readFileSync(file, 'utf8');
  const again = await millraceJson<{ changed: boolean; key: null; owner: string }>(all);
  assert.deepEqual([again.changed, again.key, again.owner], [false, null, 'ann']);
  const other = await millrace(['setup', '--yes', '--domain', 'other.example.test', ...here]);
  assert.equal(other.code, 2);
  assert.match(other.error, /has domain: live\.example\.test/);
  writeFileSync(file, `${text}nonsense: 1\n`);
  assert.match((await millrace(all)).error, /millrace\.yaml:\d+:1: unknown key "nonsense"/);
});

test('a port that leads back here is told from one that does not', async () => {
  const [http, rtmp, ice] = await Promise.all([freeTcpPort(), freeTcpPort(), freeTcpPort()]);
  const keys = `http: {port: ${http}}\nrtmp: {port: ${rtmp}}\nice: {tcp: {port: ${ice}}}\n`;
  const look = (more: string) => checkAnswers(configOf(keys + more, 'millrace.yaml', new Map()));
  const [here, ...more] = await look('domain: localhost\n');
  assert.deepEqual([here?.ok, more], [true, []], here?.says);
  assert.match(here?.says ?? '', new RegExp(`TCP ${http}, ${rtmp}, ${ice}: leads back here`));
  // An address of nobody (RFC 5737).
  const [nobody] = await look('public_addresses: [203.0.113.9]\n');
  assert.match(nobody?.says ?? '', /203\.0\.113\.9, TCP .*: does not lead back here/);
  assert.deepEqual(await look(`domain: ${DOMAIN}\n`), [], 'the domain is another finding');
});

test('beside a running server its API makes the account', async () => {
  await using server = await TestServer.start({ stateDir: join(base, 'running') });
  const here = ['--config', server.configFile, '--state-dir', server.stateDir];
  const { code, out, error } = await millrace(
    ['setup', '--yes', '--owner', 'ann', ...here],
    `${PASSWORD}\n`,
  );
  assert.equal(code, 0, error);
  assert.match(out, /the server has it/);
  assert.match(out, /a server runs: restart it/);
  const people = await millraceJson<PersonInfo[]>(['user', 'list', ...here]);
  assert.ok(people.some(({ name, role }) => name === 'ann' && role === 'owner'));
  assert.ok(existsSync(join(server.stateDir, 'publish-key')));
});
