/** One line of what the doctor says. */
export type Finding = {
  /** What was looked at, in a word or two. */
  readonly name: string;
  readonly ok: boolean;
  readonly says: string;
  /** What to do; where something is to be done. */
  readonly remedy: string | undefined;
};

export function fine(name: string, says: string): Finding {
  return { name, ok: true, says, remedy: undefined };
}

export function warning(name: string, says: string, remedy: string): Finding {
  return { name, ok: false, says, remedy };
}

/** For people: what is, and below it what to do. */
export function findingLines(findings: readonly Finding[]): string[] {
  const width = Math.max(...findings.map(({ name }) => name.length));
  return findings.flatMap(({ name, ok, says, remedy }) => [
    `${ok ? 'ok     ' : 'warning'}  ${name.padEnd(width)}  ${says}`,
    ...(remedy === undefined ? [] : [`${' '.repeat(width + 11)}${remedy}`]),
  ]);
}
