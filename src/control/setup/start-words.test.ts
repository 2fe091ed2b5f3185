import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { commandsOf } from './start-words.ts';

const folder = mkdtempSync(join(tmpdir(), 'millrace start '));
after(() => rmSync(folder, { recursive: true, force: true }));
const quoted = `'${folder}'`;

test('a service has a command that knows its files, and systemd to start it anew', () => {
  const options = { configFile: '/etc/millrace/millrace.yaml', settings: new Map() };
  assert.deepEqual(commandsOf({ options, folder: '/', environment: {} }), {
    configFile: '/etc/millrace/millrace.yaml',
    commands: {
      folder: null,
      setup: 'sudo millrace setup',
      restart: 'sudo systemctl restart millrace',
    },
  });
});

test('a server in a terminal is named the way it was started, its paths quoted for a shell', () => {
  const nothing = {
    options: { configFile: undefined, settings: new Map() },
    folder,
    environment: { npm_lifecycle_event: 'start' },
  };
  assert.deepEqual(commandsOf(nothing), {
    configFile: null,
    commands: { folder: quoted, setup: 'npm run millrace -- setup', restart: null },
  });
  writeFileSync(join(folder, 'millrace.yaml'), '');
  assert.equal(commandsOf(nothing).configFile, join(folder, 'millrace.yaml'));
  const options = { configFile: "it's.yaml", settings: new Map([['state_dir', '/srv/state']]) };
  assert.equal(
    commandsOf({ options, folder: '/srv', environment: {} }).commands.setup,
    "millrace setup --config '/srv/it'\\''s.yaml' --state-dir /srv/state",
  );
});
