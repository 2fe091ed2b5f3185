/** Pages of ours with something in their head that is different for each stream. */
import { createHash } from 'node:crypto';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** As it can stand in an element's text and in a quoted attribute (HTML §13.1.2), whatever it is. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

export type HeadTag = Readonly<Record<string, string>>;

/** `<meta name="a" content="b">`: every value is escaped. */
export function tag(name: 'meta' | 'link', attributes: HeadTag): string {
  const written = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${escapeHtml(value)}"`,
  );
  return `<${name}${written.join('')}>`;
}

/** A page with another title, and more in its head. */
export function withHead(page: string, title: string, tags: readonly string[]): string {
  // Functions, since a text would have its `$&` replaced.
  return page
    .replace(/<title>[^<]*<\/title>/, () => `<title>${escapeHtml(title)}</title>`)
    .replace('</head>', () => `${tags.join('')}</head>`);
}

export type HtmlAnswer = {
  readonly body: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** What the browser has already. */
  readonly ifNoneMatch: string | undefined;
};

/** Answers with a page; one that the browser has, with the word that it is the same (RFC 9110 §13.1.2). */
export function htmlResponse({ body, status, headers, ifNoneMatch }: HtmlAnswer): Response {
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  const common = { ...headers, ...(status === 200 && { ETag: etag }) };
  const known = ifNoneMatch?.split(',').map((one) => one.trim().replace(/^W\//, '')) ?? [];
  if (status === 200 && known.includes(etag)) {
    return new Response(null, { status: 304, headers: common });
  }
  return new Response(body, {
    status,
    headers: {
      ...common,
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Length': String(Buffer.byteLength(body)),
    },
  });
}
