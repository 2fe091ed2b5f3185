/** How the server is run so that it stays small: by the unit, and by whatever measures what the unit's server takes. */

/** V8's young generation, in MB for each half: what sessions leave behind is collected before it is much. */
export const NODE_FLAGS: readonly string[] = ['--max-semi-space-size=4'];

/**
 * glibc gives threads heaps of their own, whose free parts no other thread uses. With two of them, and large buffers mapped one by
 * one (by a fixed threshold: its own grows), thousands of joins leave 30 MB less behind.
 */
export const MALLOC: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '131072',
};
