/**
 * `npm run release`: packs the program as it runs, with the libraries that it uses and the addon built for this machine's platform, into
 * build/release/millrace-<version>.tgz. `npm install -g` of that file needs Node 24 or newer, and no network.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { releaseFiles } from '../src/cli/install/release-files.ts';

const ROOT = dirname(import.meta.dirname);
const RELEASE = join(ROOT, 'build', 'release');
const STAGE = join(RELEASE, 'package');
const DOCUMENTS = ['README.md', 'CHANGELOG.md', 'SECURITY.md'];
/** What the addon is built from where the one that comes along does not load. */
const ADDON_SOURCES = ['native'];

rmSync(RELEASE, { recursive: true, force: true });
mkdirSync(STAGE, { recursive: true });
for (const path of [...releaseFiles(ROOT), ...DOCUMENTS, ...ADDON_SOURCES]) copy(path);
writeFileSync(join(STAGE, 'package.json'), `${JSON.stringify(manifest(), undefined, 2)}\n`);
const { status } = spawnSync('npm', ['pack', '--ignore-scripts', '--pack-destination', RELEASE], {
  cwd: STAGE,
  stdio: ['ignore', 'inherit', 'inherit'],
});
process.exitCode = status ?? 1;

function copy(path: string): void {
  const from = join(ROOT, path);
  // A library's own libraries are listed for themselves.
  const filter = (source: string): boolean =>
    basename(source) !== 'node_modules' || source === from;
  cpSync(from, join(STAGE, path), { recursive: true, dereference: true, filter });
}

function manifest(): object {
  const own = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const { name, version, description, license, type, bin, dependencies } = own;
  return {
    ...{ name, version, description, license, type, bin },
    engines: { node: '>=24' },
    os: ['linux'],
    scripts: { install: 'node dist/native/install-addon.js' },
    dependencies,
    bundleDependencies: Object.keys(dependencies),
  };
}
