/** What setup is told, and what an answer has to be. */
import * as v from 'valibot';
import { isReserved } from '../../access/decide.ts';
import { newPerson, PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN } from '../../api/access.ts';
import { parseStreamName } from '../../base/names.ts';
import { readDomain } from '../../control/setup/domain.ts';
import type { Checked } from './dialogue.ts';

export type Answers = {
  /** Undefined for none: what the configuration says of it stays. */
  readonly domain: string | undefined;
  readonly app: string | undefined;
  readonly owner: { readonly name: string; readonly password: string } | undefined;
};

const { name: personName, password: personPassword } = newPerson.entries;

/** Nothing, or a name that a certificate can be had for. */
export function checkDomain(text: string): Checked<string | undefined> {
  if (/^(https?:\/\/)?\/?$/i.test(text)) return { value: undefined };
  const domain = readDomain(text);
  return domain === null
    ? { wrong: `"${text}" is no domain. Write a host name alone, such as live.example.net.` }
    : { value: domain };
}

export function checkApp(text: string): Checked<string> {
  if (parseStreamName(`${text}/stream`) === undefined) {
    return {
      wrong: `"${text}" is no name for an app. Use letters, digits, "_", "-" and ".", as in live.`,
    };
  }
  return isReserved(text)
    ? { wrong: `"${text}" is a name of the server's own pages. Choose another.` }
    : { value: text };
}

export function checkOwner(text: string): Checked<string> {
  return v.is(personName, text) && !/\p{Cc}/u.test(text)
    ? { value: text }
    : { wrong: 'That is no name to sign in with. Write one such as ann.' };
}

export function checkPassword(text: string): Checked<string> {
  return v.is(personPassword, text)
    ? { value: text }
    : { wrong: `A password has ${PASSWORD_LENGTH_MIN} to ${PASSWORD_LENGTH_MAX} characters.` };
}
