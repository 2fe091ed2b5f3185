/** The configuration, the state folder, the server itself. */
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { ServerInfo } from '../../api/server.ts';
import { DATABASE_FILE } from '../../control/store/store.ts';
import { size } from '../output.ts';
import { type Finding, fine, warning } from './finding.ts';

/** Rights of anybody but the owner. */
const OTHERS = 0o077;
const BUSY_TIMEOUT_MS = 2000;

export function checkState(folder: string): Finding[] {
  if (!existsSync(folder)) {
    return [fine('state', `${folder} will be made at the first start`)];
  }
  const findings = [checkRights(folder)];
  const path = join(folder, DATABASE_FILE);
  if (existsSync(path)) findings.push(checkDatabase(path));
  return findings;
}

function checkRights(folder: string): Finding {
  const name = 'state';
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    return warning(
      name,
      `${folder} is not writable for this user`,
      `Give it to the user that the server runs as: chown -R USER ${folder}`,
    );
  }
  if ((statSync(folder).mode & OTHERS) !== 0) {
    return warning(name, `${folder} is open to other users`, `chmod 700 ${folder}`);
  }
  return fine(name, folder);
}

function checkDatabase(path: string): Finding {
  const name = 'database';
  const remedy = 'Stop the server and restore the last backup: millrace restore FILE';
  try {
    const database = new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
    try {
      const [answer] = Object.values(database.prepare('PRAGMA quick_check(1)').get() ?? {});
      return answer === 'ok'
        ? fine(name, `sound, ${size(statSync(path).size)}`)
        : warning(name, `${path} is damaged`, remedy);
    } finally {
      database.close();
    }
  } catch (error) {
    return warning(name, `${path}: ${(error as Error).message}`, remedy);
  }
}

/** @param info undefined where none runs, an error's text where it does not answer */
export function checkServer(info: ServerInfo | string | undefined, version: string): Finding {
  const name = 'server';
  if (info === undefined) return fine(name, 'none runs with this state folder');
  if (typeof info === 'string') {
    return warning(name, info, 'Look at its log; restart it.');
  }
  if (info.version !== version) {
    return warning(
      name,
      `it runs version ${info.version}, this is ${version}`,
      'Restart it, so that both are the same.',
    );
  }
  return fine(name, `runs, process ${info.pid}, ${info.streams} live`);
}
