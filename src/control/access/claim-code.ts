import { randomBytes } from 'node:crypto';
import { Secret } from '../../access/secret.ts';

/** 80 bits: it is typed by hand at most once, and good until somebody has used it or the server stops. */
const CODE_BYTES = 10;
/** Crockford's base32: no letters that look like others. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const GROUP = 4;

/** A one-time code with which the owner makes the first account. */
export function newClaimCode(): Secret {
  const bits = [...randomBytes(CODE_BYTES)]
    .map((byte) => byte.toString(2).padStart(8, '0'))
    .join('');
  const letters = (bits.match(/.{5}/g) ?? []).map((five) => ALPHABET[Number.parseInt(five, 2)]);
  const text = letters.join('').replace(new RegExp(`(.{${GROUP}})(?=.)`, 'g'), '$1-');
  return new Secret(text, 'claim code');
}

/** As people type it: capitals, spaces, o for 0. */
export function plainCode(typed: string): string {
  const letters = typed
    .toLowerCase()
    .replace(/[^0-9a-z]/g, '')
    .replace(/o/g, '0')
    .replace(/[il]/g, '1');
  return letters.replace(new RegExp(`(.{${GROUP}})(?=.)`, 'g'), '$1-');
}
