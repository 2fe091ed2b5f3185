/** Prometheus' text format, version 0.0.4: a page of rules, so it is written here. See docs/decisions/. */

export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export type Labels = Readonly<Record<string, string>>;
export type Sample = { readonly labels: Labels; readonly value: number };

/** What one name of a metric says. */
export type Family = {
  /** Ends in its unit; in `_total` where it only grows. */
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  /** One sentence. */
  readonly help: string;
  readonly samples: readonly Sample[];
};

/** A family with one sample, which has no labels. */
export function single(
  name: string,
  type: Family['type'],
  help: string,
  value: number | undefined,
): Family {
  return { name, type, help, samples: value === undefined ? [] : [{ labels: {}, value }] };
}

/** The whole answer to a scrape. */
export function writeExposition(families: readonly Family[]): string {
  return families.map(writeFamily).join('');
}

function writeFamily({ name, type, help, samples }: Family): string {
  const head = [`# HELP ${name} ${escaped(help)}`, `# TYPE ${name} ${type}`];
  return [...head, ...samples.map((sample) => writeSample(name, sample)), ''].join('\n');
}

function writeSample(name: string, { labels, value }: Sample): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${quoted(text)}"`);
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

/** In label values the quotation mark too. */
function quoted(text: string): string {
  return escaped(text).replaceAll('"', '\\"');
}
