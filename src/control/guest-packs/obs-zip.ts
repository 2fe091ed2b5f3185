/** OBS's ZIP for Windows, as the owner uploaded it: one file of the state folder, whole or not there. */
import { randomBytes } from 'node:crypto';
import { type FileHandle, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  DIRECTORY_BYTES_MAX,
  HEADER_BYTES,
  HEADER_SIGNATURE,
  readDirectory,
  readEnd,
  TAIL_BYTES,
  type ZipEntry,
  type ZipProblem,
} from '../../guest-pack/zip/directory.ts';
import {
  headBytes,
  inspectObs,
  isCalledAlike,
  type ObsContent,
  type ObsProblem,
} from '../../guest-pack/zip/obs.ts';
import type { Problem } from '../problem.ts';

/** OBS 32 has 200 MB; three of them would still fit on the smallest machine that is for rent. */
export const OBS_ZIP_BYTES_MAX = 1_000_000_000;
/** What an upload leaves of the disk to everything else: the database must be able to write. */
const ROOM_BYTES_MIN = 300_000_000;
/** How often that is looked at, where nobody said how much will come. */
const LOOK_BYTES = 32 * 1024 * 1024;
const FILE = 'obs-windows.zip';
/** Backups leave such files out: they are not state yet. */
const DRAFT = /^obs-windows\.zip\.[0-9a-f]+\.partial$/;
const OWNER_ONLY = 0o600;

export type ObsInfo = {
  readonly bytes: number;
  readonly uploadedMs: number;
  readonly content: ObsContent;
};

/** The file as it is now, also when it is replaced while somebody reads. Whoever opened it closes it. */
export type OpenObs = ObsInfo & {
  readonly file: FileHandle;
  readonly entries: readonly ZipEntry[];
};

export class ObsZip {
  readonly #folder: string;
  #isReceiving = false;
  /** Of the file that was opened last: to read it takes thousands of looks, and every guest's page asks. */
  #known: { readonly state: string; readonly read: ReturnType<typeof readObs> } | undefined;

  constructor(stateDir: string) {
    this.#folder = stateDir;
  }

  /** Undefined where there is none. */
  async info(): Promise<ObsInfo | undefined> {
    const opened = await this.open();
    if (opened === undefined) return undefined;
    await opened.file.close();
    const { bytes, uploadedMs, content } = opened;
    return { bytes, uploadedMs, content };
  }

  async open(): Promise<OpenObs | undefined> {
    let file: FileHandle;
    try {
      file = await open(this.#path, 'r');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
    try {
      const { size, mtimeMs, ctimeMs, ino } = await file.stat();
      const read = await this.#read(file, size, `${ino} ${ctimeMs} ${size}`);
      if (typeof read === 'object') return { file, bytes: size, uploadedMs: mtimeMs, ...read };
      // It was whole when it came here: whatever became of it since, it has to be uploaded again.
      await file.close();
      return undefined;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Takes the place of the one before, once it has arrived and proved to be OBS. */
  async put(
    body: AsyncIterable<Uint8Array>,
    declaredBytes: number | undefined,
  ): Promise<ObsInfo | Problem> {
    if ((declaredBytes ?? 0) > OBS_ZIP_BYTES_MAX) return TOO_LARGE;
    if (this.#isReceiving) return UNDER_WAY;
    this.#isReceiving = true;
    const draft = `${this.#path}.${randomBytes(6).toString('hex')}.partial`;
    try {
      await this.#removeDrafts();
      if (!(await hasRoom(this.#folder, declaredBytes ?? 0))) return DISK_FULL;
      const refused = await receive(draft, body, declaredBytes);
      if (refused !== undefined) return refused;
      await rename(draft, this.#path);
      await syncFolder(this.#folder);
    } catch (error) {
      const problem = PROBLEMS[codeOf(error) ?? ''];
      if (problem === undefined) throw error;
      return problem;
    } finally {
      await rm(draft, { force: true });
      this.#isReceiving = false;
    }
    return (await this.info()) ?? INCOMPLETE;
  }

  /** @returns whether there was one */
  async remove(): Promise<boolean> {
    const isThere = await stat(this.#path).then(
      () => true,
      () => false,
    );
    await rm(this.#path, { force: true });
    this.#known = undefined;
    return isThere;
  }

  /** Once for each state of the file, however many ask. @param state tells it from any other */
  #read(file: FileHandle, size: number, state: string): ReturnType<typeof readObs> {
    if (this.#known?.state === state) return this.#known.read;
    const known = { state, read: readObs(file, size) };
    this.#known = known;
    known.read.catch(() => {
      if (this.#known === known) this.#known = undefined;
    });
    return known.read;
  }

  get #path(): string {
    return join(this.#folder, FILE);
  }

  /** What a killed process left behind. */
  async #removeDrafts(): Promise<void> {
    const names = await readdir(this.#folder);
    const drafts = names.filter((name) => DRAFT.test(name));
    await Promise.all(drafts.map((name) => rm(join(this.#folder, name), { force: true })));
  }
}

/** Writes it down as it comes, and looks at it. @returns what is wrong with it */
async function receive(
  draft: string,
  body: AsyncIterable<Uint8Array>,
  declaredBytes: number | undefined,
): Promise<Problem | undefined> {
  const file = await open(draft, 'wx+', OWNER_ONLY);
  try {
    const bytes = await writeAll(file, body, dirname(draft));
    if (typeof bytes === 'object') return bytes;
    if (declaredBytes !== undefined && bytes !== declaredBytes) return INCOMPLETE;
    const read = await readObs(file, bytes);
    if (typeof read === 'string') return unfit(read);
    await file.sync();
    return undefined;
  } finally {
    await file.close();
  }
}

/** @returns how many bytes came */
async function writeAll(
  file: FileHandle,
  body: AsyncIterable<Uint8Array>,
  folder: string,
): Promise<number | Problem> {
  const chunks = body[Symbol.asyncIterator]();
  // A connection that ends before its body does is no fault of ours.
  const next = () => chunks.next().catch(() => undefined);
  let bytes = 0;
  for (let step = await next(); step?.done !== true; step = await next()) {
    if (step === undefined) return INCOMPLETE;
    const before = bytes;
    bytes += step.value.length;
    const refused = await refuseMore(before, bytes, folder);
    if (refused !== undefined) {
      await chunks.return?.();
      return refused;
    }
    await file.writeFile(step.value);
  }
  return bytes;
}

async function refuseMore(
  before: number,
  bytes: number,
  folder: string,
): Promise<Problem | undefined> {
  if (bytes > OBS_ZIP_BYTES_MAX) return TOO_LARGE;
  if (Math.floor(before / LOOK_BYTES) === Math.floor(bytes / LOOK_BYTES)) return undefined;
  return (await hasRoom(folder, 0)) ? undefined : DISK_FULL;
}

async function hasRoom(folder: string, bytes: number): Promise<boolean> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize - bytes >= ROOM_BYTES_MIN;
}

type Content = { readonly entries: readonly ZipEntry[]; readonly content: ObsContent };

/** Its directory, and whether it is OBS. A few hundred kilobytes are read, whatever its size. */
async function readObs(
  file: FileHandle,
  bytes: number,
): Promise<Content | ZipProblem | ObsProblem> {
  const tailBytes = Math.min(bytes, TAIL_BYTES);
  const end = readEnd(await readAt(file, bytes - tailBytes, tailBytes), bytes);
  if (typeof end === 'string') return end;
  const directoryBytes = Math.min(end.directoryTo - end.directoryFrom, DIRECTORY_BYTES_MAX);
  const entries = readDirectory(await readAt(file, end.directoryFrom, directoryBytes), end);
  if (typeof entries === 'string') return entries;
  const content = inspectObs(entries);
  if (typeof content === 'string') return content;
  return (await lookAtHeaders(file, entries)) ?? { entries, content };
}

/** What a directory points at is there, by the same name: what lies between is copied without a look. */
async function lookAtHeaders(
  file: FileHandle,
  entries: readonly ZipEntry[],
): Promise<'damaged' | 'ambiguous' | undefined> {
  for (const entry of entries) {
    const { from, to } = entry;
    const header = await readAt(file, from, HEADER_BYTES);
    if (header.readUInt32LE(0) !== HEADER_SIGNATURE || from + headBytes(header) > to) {
      return 'damaged';
    }
    const head = await readAt(file, from, headBytes(header));
    if (!isCalledAlike(entry, head)) return 'ambiguous';
  }
  return undefined;
}

/** Zeros where the file ends before. */
async function readAt(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  await file.read(buffer, 0, length, at);
  return buffer;
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

function unfit(reason: ZipProblem | ObsProblem): Problem {
  return { status: 422, reason: 'not-obs', detail: UNFIT[reason] };
}

const UNFIT: Readonly<Record<ZipProblem | ObsProblem, string>> = {
  'not-a-zip':
    'This is no ZIP, or not the whole of one. Download it once more, and upload it as it is.',
  damaged: 'This ZIP is damaged. Download it once more, and upload it as it is.',
  zip64:
    'This ZIP is in the ZIP64 format, which packs cannot be made of. Upload the one that OBS publishes, as it is.',
  'too-many-files':
    'This ZIP has more in it than OBS. Upload the one that OBS publishes, as it is.',
  'no-obs':
    'There is no bin/64bit/obs64.exe in this ZIP. Upload OBS for Windows as a ZIP (x64), not its installer and not its sources.',
  'unsafe-names':
    'This ZIP has files that would land outside its folder. Upload the one that OBS publishes, as it is.',
  ambiguous:
    'This ZIP has links, or files whose names are not the same everywhere in it. Upload the one that OBS publishes, as it is.',
  encrypted: 'This ZIP is encrypted. Upload the one that OBS publishes, as it is.',
};
const TOO_LARGE: Problem = {
  status: 413,
  reason: 'too-large',
  detail: `OBS's ZIP can have ${OBS_ZIP_BYTES_MAX / 1e6} MB.`,
};
const UNDER_WAY: Problem = {
  status: 409,
  reason: 'upload-under-way',
  detail: "OBS's ZIP is being uploaded just now. Try again when that is done.",
};
const INCOMPLETE: Problem = {
  status: 400,
  reason: 'incomplete',
  detail: 'Not all of it arrived. Upload it again.',
};
const DISK_FULL: Problem = {
  status: 507,
  reason: 'disk-full',
  detail: "The server's disk has no room for it: make some where state_dir is.",
};
const PROBLEMS: Readonly<Record<string, Problem>> = { ENOSPC: DISK_FULL, EDQUOT: DISK_FULL };
