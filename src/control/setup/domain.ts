/** The name that a server is to be known by, as people type it. */
import { keys } from '../config/keys.ts';
import { isProblem } from '../config/kinds.ts';

/** A name that a certificate can be had for; people paste what their browser shows. Null where it is none. */
export function readDomain(text: string): string | null {
  const [, host = ''] = /^(?:https?:\/\/)?([^/]*)\/?$/i.exec(text.trim()) ?? [];
  const read = keys.domain.read(host.toLowerCase());
  const isName = !isProblem(read) && read !== undefined && /\.[a-z][a-z0-9-]*$/.test(read);
  return isName ? read : null;
}
