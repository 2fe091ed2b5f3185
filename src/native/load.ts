import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Addon } from './addon.ts';

/** The addon could not be loaded: an operator's mistake, with a code to look up and a way out. */
export class AddonError extends Error {
  override readonly name = 'AddonError';
  readonly code: 'addon-missing' | 'addon-unusable';
  readonly remedy: string;

  constructor(code: AddonError['code'], message: string, remedy: string, cause?: unknown) {
    super(`${message} ${remedy}`, { cause });
    this.code = code;
    this.remedy = remedy;
  }
}

/** From the sources that lie beside it, in a checkout as in a release. */
const BUILD = `node ${join(import.meta.dirname, `install-addon${import.meta.url.slice(-3)}`)}`;

/** Loads build/millrace.node. Each thread that calls this has its own handles and arenas. */
export function loadAddon(): Addon {
  const path = join(repositoryRoot(), 'build', 'millrace.node');
  if (!existsSync(path)) {
    throw new AddonError(
      'addon-missing',
      `The native addon ${path} is not there.`,
      `Build it: ${BUILD}`,
    );
  }
  try {
    return createRequire(import.meta.url)(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AddonError(
      'addon-unusable',
      `Node ${process.version} refuses the native addon ${path}: ${reason}`,
      `Build it for this machine: ${BUILD}`,
      cause,
    );
  }
}

/** The folder with package.json, above src/native as above dist/native or a bundle in dist. */
function repositoryRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) break;
    folder = parent;
  }
  return folder;
}
