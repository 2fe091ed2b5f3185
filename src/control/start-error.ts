/** An operator's mistake that ends the start: one line that says what is wrong, where, and how to mend it. */
export class StartError extends Error {
  override readonly name = 'StartError';
}
