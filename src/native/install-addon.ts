/** What npm runs when it has unpacked a release: the addon that came along serves, or one is built from the sources beside it. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { buildAddon } from './build-addon.ts';

const LOAD = fileURLToPath(new URL(`./load${import.meta.url.slice(-3)}`, import.meta.url));
// In a process of its own: one that was built for another machine may do anything.
const check = `import(${JSON.stringify(LOAD)}).then(({ loadAddon }) => loadAddon())`;

if (spawnSync(process.execPath, ['--eval', check], { stdio: 'ignore' }).status !== 0) {
  try {
    buildAddon();
  } catch (error) {
    process.stderr.write(`millrace: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
