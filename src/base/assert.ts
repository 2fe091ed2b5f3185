/** A broken promise of our own code: ends the session in which it happens, never the server. */
export class BugError extends Error {
  override readonly name = 'BugError';
}

/** Throws {@link BugError} when `condition` does not hold. Never used on what comes from the network. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new BugError(message);
}
