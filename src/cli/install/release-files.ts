/** What of a checkout or an installed package runs on a server: the program, its pages, the addon, and the libraries that it uses. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** Beside the libraries. */
const OWN = ['package.json', 'LICENSE', 'dist', 'build/millrace.node', 'assets', 'config'] as const;

type Manifest = {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
};

/**
 * Paths relative to `root`, folders whole.
 * @throws Error that names what is missing
 */
export function releaseFiles(root: string): string[] {
  const missing = OWN.filter((path) => !existsSync(join(root, path)));
  if (missing.length > 0) {
    throw new Error(`${root} lacks ${missing.join(', ')}: start the program from there once.`);
  }
  return [...OWN, ...librariesOf(root)];
}

/** Folders of all packages that the program needs at run time, those of packages included. */
export function librariesOf(root: string): string[] {
  const found = new Set<string>();
  const visit = (folder: string): void => {
    const { dependencies, optionalDependencies } = readManifest(folder);
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const place = find(root, folder, name);
      if (place === undefined) {
        // Binaries for other platforms are not installed.
        if (optionalDependencies?.[name] !== undefined) continue;
        throw new Error(`the library ${name} is not installed: start the program once.`);
      }
      if (found.has(place)) continue;
      found.add(place);
      visit(join(root, place));
    }
  };
  visit(root);
  return [...found].toSorted();
}

/** As Node looks for it: beside the package that wants it, then further up. */
function find(root: string, from: string, name: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const place = join(folder, 'node_modules', name);
    if (existsSync(join(place, 'package.json'))) return relative(root, place);
    if (folder === root || folder === dirname(folder)) return undefined;
  }
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}
