/** A folder of secrets: nobody else can read what is in it, and a file in it is whole or the one before. */
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

const OWNER_ONLY_FOLDER = 0o700;
const OWNER_ONLY = 0o600;

/** Something about the folder that its owner must mend: a whole sentence. */
export class FolderProblem extends Error {
  override readonly name = 'FolderProblem';
}

export class PrivateFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** Undefined where there is no such file. */
  async read(name: string): Promise<string | undefined> {
    const path = join(this.path, name);
    try {
      return await readFile(path, 'utf8');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw explain(error, path, 'read');
    }
  }

  /** The old content is there until all of the new is on the disk. */
  async write(name: string, text: string): Promise<void> {
    const path = join(this.path, name);
    const draft = `${path}.${randomBytes(6).toString('hex')}`;
    try {
      await mkdir(this.path, { recursive: true, mode: OWNER_ONLY_FOLDER });
      await chmod(this.path, OWNER_ONLY_FOLDER); // it may have been made by hand
      await writeThrough(draft, text);
      await rename(draft, path);
      await syncFolder(this.path);
    } catch (error) {
      await rm(draft, { force: true }).catch(() => undefined);
      throw explain(error, path, 'written');
    }
  }
}

async function writeThrough(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', OWNER_ONLY);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The new name is on the disk too. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function explain(error: unknown, path: string, done: 'read' | 'written'): unknown {
  const code = codeOf(error);
  const remedy = code === undefined ? undefined : REMEDIES[code];
  if (remedy === undefined) return error;
  return new FolderProblem(`${path} cannot be ${done} (${code}). ${remedy}`);
}

const OWNER =
  'Give state_dir and all in it to the user that Millrace runs as (chown -R), or choose another folder.';
const REMEDIES: Readonly<Record<string, string>> = {
  EACCES: OWNER,
  EPERM: OWNER,
  ENOTDIR: 'Choose a folder for state_dir that is one.',
  EROFS: 'The file system cannot be written to: choose another folder for state_dir.',
  ENOSPC: 'The disk is full: make room.',
  EDQUOT: 'The disk quota is used up: make room.',
};

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
