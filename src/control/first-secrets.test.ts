import assert from 'node:assert/strict';
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Secret } from '../access/secret.ts';
import { StreamKey } from '../access/stream-key.ts';
import { writeBanner } from './banner.ts';
import { firstSecrets } from './first-secrets.ts';
import { isKeptInJournal } from './journal.ts';

const CODE = 'k3f9-abcd-efgh-2345';

test('what goes into a log has no secret in it, but says where they are', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-first-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const secret = StreamKey.generate();
  const known = {
    key: { file: join(folder, 'publish-key'), secret },
    claimCode: new Secret(CODE, 'claim code'),
  };
  const facts = {
    ...{ publicUrl: undefined, host: 'localhost', networkHost: undefined, httpPort: 3333 },
    ...{ httpsPort: undefined, rtmpPort: 1935, demo: undefined, app: 'live', openApps: [] },
  };
  const inLog = writeBanner({ ...facts, ...firstSecrets(folder, known, true) });
  assert.ok(!inLog.includes(CODE) && !inLog.includes(secret.reveal()), inLog);
  const file = join(folder, 'claim-code');
  assert.ok(inLog.includes(file) && inLog.includes(known.key.file));
  assert.equal(readFileSync(file, 'utf8'), `${CODE}\n`);
  assert.equal(statSync(file).mode & 0o777, 0o600);

  const onTerminal = writeBanner({ ...facts, ...firstSecrets(folder, known, false) });
  assert.ok(onTerminal.includes(CODE) && onTerminal.includes(secret.reveal()));
  assert.equal(existsSync(file), false, 'a code of an earlier start is no longer good');
});

test('the journal is known by the stream that systemd names', (t) => {
  const fd = openSync('/dev/null', 'r');
  t.after(() => closeSync(fd));
  const { dev, ino } = fstatSync(fd);
  assert.equal(isKeptInJournal({}, fd), false);
  assert.equal(isKeptInJournal({ JOURNAL_STREAM: `${dev}:${ino}` }, fd), true);
  assert.equal(isKeptInJournal({ JOURNAL_STREAM: `${dev}:${ino + 1}` }, fd), false);
});
