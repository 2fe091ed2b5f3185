import { randomBytes } from 'node:crypto';

const ID_BYTES = 6;

/** Names a row to people and programs: easy to type, no secret. */
export function newId(): string {
  return randomBytes(ID_BYTES).toString('hex');
}
