/** Text as HTML: whatever it holds, it stays text, between tags and in quoted attributes alike. */
import { wellFormed } from './names.ts';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeHtml(text: string): string {
  return wellFormed(text).replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? '');
}

/** A template whose values are text, or lists of what this function made. */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Html {
  const parts = strings.map((part, index) => part + markup(values[index] ?? ''));
  return { html: parts.join('') };
}

export type Html = { readonly html: string };
type Value = string | number | Html | readonly Html[];

function markup(value: Value): string {
  if (typeof value !== 'object') return escapeHtml(String(value));
  return 'html' in value ? value.html : value.map((one) => one.html).join('');
}
