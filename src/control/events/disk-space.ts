/** Whether the disk that holds the state has room: asked seldom, told when it changes. */
import { statfs } from 'node:fs/promises';
import type { EventOf } from '../../api/events.ts';
import { eventAt } from './event.ts';

/** What the database, its write-ahead log and a backup of both need by far. */
const LOW_BYTES = 256 * 1024 * 1024;
/** It is enough again with some room to spare, or it would be said at every file that somebody writes and deletes. */
const ENOUGH_BYTES = 2 * LOW_BYTES;

export type DiskSpace = { readonly freeBytes: number; readonly totalBytes: number };

/** Of the file system that `folder` is on, for a process without privileges. */
export async function diskSpaceOf(folder: string): Promise<DiskSpace> {
  const { bavail, blocks, bsize } = await statfs(folder);
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
}

/** Says once that it is low, and once that it is not any more. */
export class DiskWatch {
  #isLow = false;

  check({ freeBytes, totalBytes }: DiskSpace, nowMs: number): EventOf<'disk.low'> | undefined {
    // A disk that is smaller than that altogether is low at a tenth of it.
    const low = Math.min(LOW_BYTES, totalBytes / 10);
    const changed = this.#isLow ? freeBytes >= (low * ENOUGH_BYTES) / LOW_BYTES : freeBytes < low;
    if (!changed) return undefined;
    this.#isLow = !this.#isLow;
    const free = `${Math.floor(freeBytes / 1024 / 1024)} MB`;
    const message = this.#isLow
      ? `Only ${free} are free on the disk that holds the state. Streams go on; keys, events and settings can soon no longer be stored. Make room.`
      : `${free} are free again on the disk that holds the state.`;
    const data = { freeBytes, totalBytes, isOver: !this.#isLow, message };
    return eventAt('disk.low', data, nowMs);
  }
}
