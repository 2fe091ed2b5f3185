/** What people are called, made fit for a line of a settings file and for one folder of any system. */

/**
 * Ends lines, or turns the direction of the text around it: nothing of it belongs into a name. Joiners stay, which scripts and
 * emoji need (Unicode Annex 9, 14).
 */
const UNFIT = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;
/** Menus of OBS show so much without being cut. */
const NAME_LENGTH_MAX = 60;
/** Windows allows paths of 260 characters, and the folder that a guest unpacks into takes its share. */
const FOLDER_LENGTH_MAX = 40;

/** One line of whole characters; `otherwise` where nothing is left. */
export function plainName(text: string, otherwise: string): string {
  const line = wellFormed(text).replace(UNFIT, ' ').replace(/\s+/g, ' ').trim();
  const cut = [...line].slice(0, NAME_LENGTH_MAX).join('').trim();
  return cut === '' ? otherwise : cut;
}

/** Half a surrogate pair is nothing that UTF-8 could hold. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}

/** A folder or a file on every system: letters, digits and dashes. */
export function folderName(text: string): string {
  const safe = text.replace(/[^A-Za-z0-9]+/g, '-').replace(/^-+/, '');
  return safe.slice(0, FOLDER_LENGTH_MAX).replace(/-+$/, '');
}

/** The same names, each told from the others whatever the capitals: OBS knows profiles by their names alone. */
export function distinct(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let unique = name;
    for (let number = 2; taken.has(unique.toLowerCase()); number++) unique = `${name} (${number})`;
    taken.add(unique.toLowerCase());
    return unique;
  });
}
