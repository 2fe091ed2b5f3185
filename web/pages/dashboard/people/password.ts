/** No letters that look like others; lower case, since it may be read out on the telephone. */
const ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789';
const GROUPS = 4;
const GROUP_LENGTH = 5;

/** A password that nobody can guess and everybody can type: some 99 bits. */
export function newPassword(random: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array): string {
  const letters: string[] = [];
  while (letters.length < GROUPS * GROUP_LENGTH) {
    for (const byte of random(new Uint8Array(GROUPS * GROUP_LENGTH))) {
      // Those above the last whole turn would make some letters likelier.
      if (byte < 256 - (256 % ALPHABET.length))
        letters.push(ALPHABET[byte % ALPHABET.length] ?? '');
    }
  }
  return Array.from({ length: GROUPS }, (_, at) =>
    letters.slice(at * GROUP_LENGTH, (at + 1) * GROUP_LENGTH).join(''),
  ).join('-');
}
