/** OBS's settings files, as its own parser reads them (libobs/util/config-file.c). */
import { wellFormed } from './names.ts';

type Values = Readonly<Record<string, string | number | boolean>>;
export type Ini = Readonly<Record<string, Values>>;

/** Sections in their order; a value cannot end its line. */
export function writeIni(sections: Ini): string {
  return Object.entries(sections)
    .map(([name, values]) => `[${name}]\n${linesOf(values)}`)
    .join('\n');
}

function linesOf(values: Values): string {
  return Object.entries(values)
    .map(([key, value]) => `${key}=${escaped(String(value))}\n`)
    .join('');
}

/** The three escapes that OBS knows. A NUL would end the file for it. */
function escaped(value: string): string {
  return wellFormed(value)
    .replaceAll('\0', '')
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r');
}
