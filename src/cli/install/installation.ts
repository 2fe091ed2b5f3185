/** A release on a machine: files in a folder of its own, a link to the one in use, a service that runs it. */
import { chmodSync, copyFileSync, cpSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { CommandError, EXIT } from '../command-error.ts';
import { releaseFiles } from './release-files.ts';
import type { Target } from './target.ts';
import { SERVICE, SYSCTL, USER, unitText } from './unit.ts';

const HOME = '/opt/millrace';
const RELEASES = `${HOME}/releases`;
const CURRENT = `${HOME}/current`;
const NODE = `${CURRENT}/bin/node`;
const PROGRAM = `${CURRENT}/dist/millrace.js`;
const COMMAND = '/usr/local/bin/millrace';
const STATE = '/var/lib/millrace';
const CONFIG_FOLDER = '/etc/millrace';
const CONFIG = `${CONFIG_FOLDER}/millrace.yaml`;
const UNIT = `/etc/systemd/system/${SERVICE}.service`;
const SYSCTL_FILE = '/etc/sysctl.d/60-millrace.conf';
const OWN_UPGRADE =
  'this is the installed release itself, and nothing newer. Install the newer package ("npm install --global FILE"), and run it by its place: sudo node "$(npm --global root)/millrace/dist/millrace.js" upgrade';
/** The one in use and the one before it, to go back to. */
const RELEASES_KEPT = 2;

export type InstallOptions = {
  /** The folder of the program that is installed. */
  readonly source: string;
  /** Names the release: no two are the same. */
  readonly release: string;
  /** The Node that runs it, copied along: an update of the system must not change it. */
  readonly nodeBinary: string;
  readonly domain: string | undefined;
  readonly sysctl: boolean;
};

export function install(target: Target, options: InstallOptions): void {
  makeUser(target);
  placeRelease(target, options);
  if (target.has(CONFIG)) target.say(`kept ${CONFIG}`);
  else {
    target.write(CONFIG, firstConfig(options.domain), 0o640);
    target.run('chown', `root:${USER}`, CONFIG);
  }
  target.write(UNIT, unitText({ node: NODE, program: PROGRAM, configFile: CONFIG }));
  target.write(COMMAND, wrapper(), 0o755);
  if (options.sysctl) tuneKernel(target);
  target.run('systemctl', 'daemon-reload');
  target.run('systemctl', 'enable', '--now', SERVICE);
}

/** It runs without, too: containers share a kernel whose settings are not theirs. */
function tuneKernel(target: Target): void {
  target.write(SYSCTL_FILE, SYSCTL);
  try {
    target.run('sysctl', '--quiet', '--load', target.path(SYSCTL_FILE));
  } catch (error) {
    const why = (error as CommandError).message.replaceAll('\n', '; ');
    target.say(`not all kernel settings took effect, and the rest goes on: ${why}`);
  }
}

/**
 * Puts a newer release in the place of the running one: the state is saved first, and where the new release does not start, the former runs
 * again with the state that it had.
 */
export function upgrade(target: Target, options: InstallOptions): void {
  const former = currentRelease(target);
  if (former === undefined) {
    throw new CommandError(
      'nothing is installed here. Run "millrace install" first.',
      EXIT.mistake,
    );
  }
  if (!relative(target.path(RELEASES), options.source).startsWith('..')) {
    throw new CommandError(OWN_UPGRADE, EXIT.mistake);
  }
  const saved = `${STATE}/before-${options.release}.sqlite`;
  runInstalled(target, 'backup', saved, '--force');
  placeRelease(target, options);
  target.write(UNIT, unitText({ node: NODE, program: PROGRAM, configFile: CONFIG }));
  // Where it was, npm may have put the newer package's own.
  target.write(COMMAND, wrapper(), 0o755);
  target.run('systemctl', 'daemon-reload');
  try {
    // A service of Type=notify: this returns when its sockets are open, or fails.
    target.run('systemctl', 'restart', SERVICE);
  } catch (error) {
    goBack(target, former, saved);
    throw new CommandError(
      `the new release does not start, so the former one runs again. "journalctl -u ${SERVICE}" says why. (${(error as Error).message})`,
    );
  }
  forgetOldReleases(target);
}

function goBack(target: Target, former: string, saved: string): void {
  target.run('systemctl', 'stop', SERVICE);
  target.link(CURRENT, join(RELEASES, former));
  runInstalled(target, 'restore', saved);
  target.run('chown', '-R', `${USER}:${USER}`, STATE);
  target.run('systemctl', 'start', SERVICE);
}

/** By the release in use: what is at {@link COMMAND} may be another. */
function runInstalled(target: Target, ...words: readonly string[]): void {
  target.run(target.path(NODE), target.path(PROGRAM), ...words, '--config', target.path(CONFIG));
}

export function uninstall(target: Target, purge: boolean): void {
  if (target.has(UNIT)) target.run('systemctl', 'disable', '--now', SERVICE);
  for (const path of [UNIT, COMMAND, SYSCTL_FILE, HOME]) target.remove(path);
  target.run('systemctl', 'daemon-reload');
  if (!purge) {
    target.say(
      `kept ${CONFIG_FOLDER} and ${STATE}; "millrace uninstall --purge" removes them, too`,
    );
    return;
  }
  target.remove(CONFIG_FOLDER);
  target.remove(STATE);
  if (target.isRunning && target.succeeds('id', USER)) target.run('userdel', USER);
}

function makeUser(target: Target): void {
  if (target.isRunning && target.succeeds('id', USER)) return;
  target.run(
    'useradd',
    ...['--system', '--user-group', '--home-dir', STATE, '--no-create-home'],
    ...['--shell', '/usr/sbin/nologin', USER],
  );
}

function placeRelease(target: Target, { source, release, nodeBinary }: InstallOptions): void {
  const files = releaseFiles(source);
  const place = join(RELEASES, release);
  const folder = target.path(place);
  rmSync(folder, { recursive: true, force: true });
  target.folder(join(place, 'bin'));
  // Links are followed: node_modules may hold some, and the copy stands alone.
  for (const path of files) {
    cpSync(join(source, path), join(folder, path), {
      recursive: true,
      dereference: true,
      filter: (from) => basename(from) !== 'node_modules' || from === join(source, path),
    });
  }
  copyFileSync(nodeBinary, join(folder, 'bin', 'node'));
  chmodSync(join(folder, 'bin', 'node'), 0o755);
  target.link(CURRENT, place);
  target.say(`installed release ${release} in ${place}`);
}

function currentRelease(target: Target): string | undefined {
  try {
    return basename(readlinkSync(target.path(CURRENT)));
  } catch {
    return undefined;
  }
}

function forgetOldReleases(target: Target): void {
  const releases = readdirSync(target.path(RELEASES)).toSorted();
  const current = currentRelease(target);
  const others = releases.filter((release) => release !== current);
  for (const release of others.slice(0, Math.max(0, others.length - RELEASES_KEPT + 1))) {
    target.remove(join(RELEASES, release));
  }
}

function firstConfig(domain: string | undefined): string {
  return `# Millrace's configuration. Every key with its default: ${CURRENT}/config/example.yaml
# After a change: systemctl reload ${SERVICE}
state_dir: ${STATE}
${domain === undefined ? '# domain: live.example.net' : `domain: ${domain}`}
`;
}

/** The command in everybody's PATH: the installed program with the service's configuration. */
function wrapper(): string {
  return `#!/bin/sh
exec ${NODE} ${PROGRAM} "$@" --config ${CONFIG}
`;
}
