/** What a slow link has to carry before a page is there: the built pages, compressed as the server does it. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';

const WEB = fileURLToPath(new URL('../../dist/web/', import.meta.url));
/** At 1 Mbit/s this is half a second. */
const PAGE_BYTES_MAX = 60_000;

const pages = globSync(join(WEB, '*.html'));

test('pages are built', () => {
  assert.ok(pages.length >= 5, `${pages.length} pages in ${WEB}`);
});

for (const page of pages) {
  test(`${basename(page)} is there after ${PAGE_BYTES_MAX / 1000} kB`, () => {
    const files = [page, ...neededBy(readFileSync(page, 'utf8'))];
    const sizes = files.map((file) => [basename(file), compressedBytes(file)] as const);
    const total = sizes.reduce((sum, [, bytes]) => sum + bytes, 0);
    assert.ok(total <= PAGE_BYTES_MAX, `${total} bytes: ${JSON.stringify(sizes)}`);
  });
}

/** Scripts and style sheets that the page names, and what those scripts import at once. */
function neededBy(html: string): Set<string> {
  const files = new Set<string>();
  const named = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.(?:js|css))"/g)];
  for (const [, path = ''] of named) add(join(WEB, path), files);
  return files;
}

function add(file: string, files: Set<string>): void {
  if (files.has(file)) return;
  files.add(file);
  if (!file.endsWith('.js')) return;
  // `import("./x.js")` is what comes later; `import x from "./x.js"` and `import "./x.js"` come at once.
  const imports = readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*["']\.\/([^"']+)["']/g);
  for (const [, name = ''] of imports) add(join(WEB, 'assets', name), files);
}

function compressedBytes(file: string): number {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 8 };
  return brotliCompressSync(readFileSync(file), { params }).length;
}
