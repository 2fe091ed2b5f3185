#!/usr/bin/env node
/** `millrace` in people's PATH: runs the program, under the Node that `npm start` fetched where this one is too old. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const NODE_MAJOR_MIN = 24;
const RUNTIME = `../.runtime/node_modules/node-linux-${process.arch}/bin/node`;

// Nothing of the program is loaded before this is known: an older Node would fail at its first import.
if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR_MIN) {
  await import('./main.ts');
} else {
  const node = fileURLToPath(new URL(RUNTIME, import.meta.url));
  if (!existsSync(node)) {
    process.stderr.write(
      `millrace: this is Node ${process.versions.node}, and Node ${NODE_MAJOR_MIN} is needed. "npm start" fetches it.\n`,
    );
    process.exit(2);
  }
  const program = fileURLToPath(new URL('./main.js', import.meta.url));
  const { status } = spawnSync(node, [program, ...process.argv.slice(2)], { stdio: 'inherit' });
  process.exit(status ?? 1);
}
