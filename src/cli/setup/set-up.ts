/** Puts the answers where they belong: the configuration, the owner's account, the first key. */
import {
  chownSync,
  existsSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { PeopleResponse, PersonInfo } from '../../api/access.ts';
import { AppDirectory } from '../../control/access/app-directory.ts';
import { findAddresses, hostsOf, realSurroundings } from '../../control/addresses.ts';
import { writeBanner } from '../../control/banner.ts';
import type { Config } from '../../control/config/config.ts';
import { findServer } from '../../control/running-server.ts';
import { type FirstKey, firstKey, firstKeyFile } from '../../control/store/publish-key.ts';
import { DATABASE_FILE, Store } from '../../control/store/store.ts';
import { planTls } from '../../control/tls/plan.ts';
import { CommandError } from '../command-error.ts';
import { withApiOf } from '../context.ts';
import type { Answers } from './answers.ts';

/** For the owner and, where it is a service's, its group. */
const CONFIG_MODE = 0o640;

/** The file's text; undefined where there is none yet. */
export function readConfigFile(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandError(`${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}

/** In one step, with the rights that it had: a full disk must not leave half of it. */
export function writeConfigFile(file: string, text: string): void {
  const target = existsSync(file) ? realpathSync(file) : file;
  const former = existsSync(target) ? statSync(target) : undefined;
  const draft = `${target}.${process.pid}`;
  try {
    const mode = former === undefined ? CONFIG_MODE : former.mode & 0o777;
    writeFileSync(draft, text, { mode, flag: 'wx' });
    if (former !== undefined) chownSync(draft, former.uid, former.gid);
    renameSync(draft, target);
  } catch (error) {
    rmSync(draft, { force: true });
    const { code } = error as NodeJS.ErrnoException;
    throw new CommandError(
      `${file} cannot be written (${code}), so nothing was changed. Its folder must be there and writable for this user; or name another file with --config.`,
    );
  }
}

/** Everybody with an account. What is not there is not made for that. */
export async function peopleOf(config: Config): Promise<readonly PersonInfo[]> {
  const { stateDir } = config;
  const isNew = !existsSync(join(stateDir, DATABASE_FILE));
  if (findServer(stateDir) === undefined) {
    if (isNew) return [];
    refuseForeign(stateDir);
  }
  return withApiOf(config, async (api) => (await api.get<PeopleResponse>('/people')).people);
}

/** What root writes beside a service's own files, the service cannot read. */
function refuseForeign(stateDir: string): void {
  const { uid } = statSync(stateDir);
  if (process.getuid === undefined || uid === process.getuid()) return;
  throw new CommandError(
    `the state folder ${stateDir} belongs to another user. Start its server first (systemctl start millrace), then run this again; or run it as that user.`,
  );
}

export async function makeOwner(
  config: Config,
  owner: NonNullable<Answers['owner']>,
): Promise<void> {
  await withApiOf(config, (api) => api.post('/people', { ...owner, role: 'owner' }));
}

/** The first key and what is open, as the start would print them; a running server has made its key long ago. */
export function keyOf(config: Config): {
  readonly key: FirstKey;
  readonly openApps: readonly string[];
} {
  const { stateDir } = config;
  if (findServer(stateDir) !== undefined) {
    return { key: { file: firstKeyFile(stateDir), secret: undefined }, openApps: [] };
  }
  const store = Store.open(stateDir);
  try {
    const key = firstKey(store, stateDir, Date.now());
    return { key, openApps: new AppDirectory(config, store).openForAll };
  } finally {
    store.close();
  }
}

/** Where to watch, where to publish, what to paste into OBS: as at the start. */
export async function bannerOf(
  config: Config,
  app: string,
  made: ReturnType<typeof keyOf>,
): Promise<string> {
  const { domain, http, rtmp, tls } = config;
  const hasHttps = domain !== undefined && planTls(config).from !== 'nowhere';
  return writeBanner({
    ...hostsOf(domain, await findAddresses(config, realSurroundings)),
    ...made,
    httpPort: http.port,
    httpsPort: hasHttps ? tls.httpsPort : undefined,
    rtmpPort: rtmp.enabled ? rtmp.port : undefined,
    publicUrl: config.publicUrl,
    demo: undefined,
    app,
    claimCode: undefined,
  });
}
