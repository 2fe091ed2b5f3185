/** Attack: names that lead out of a folder, into a page, or into the log. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { setStage } from './stage.ts';
import { viewerOffer } from './stranger.ts';

const SECRET = 'nobody may read this';
const top = mkdtempSync(join(tmpdir(), 'millrace-attacks-'));
const folder = join(top, 'www');
mkdirSync(join(folder, 'show'), { recursive: true });
mkdirSync(join(folder, '.git'));
mkdirSync(join(top, 'www-other'));
writeFileSync(join(folder, 'index.html'), 'mine');
writeFileSync(join(folder, 'show', 'a.txt'), 'mine');
for (const path of ['secret.txt', 'www-other/secret.txt', 'www/.git/config', 'www/.env']) {
  writeFileSync(join(top, path), SECRET);
}
symlinkSync('../secret.txt', join(folder, 'link.txt'));
symlinkSync('..', join(folder, 'up'));
after(() => rmSync(top, { recursive: true }));

const stage = setStage({ staticDir: folder });

type Answer = { readonly status: number; readonly type: string; readonly body: string };

/** Sends the path as it is, which `fetch` would tidy up. */
function get(path: string, method = 'GET', headers = {}, body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port: stage.server.http, path, method, headers, agent: false },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            type: response.headers['content-type'] ?? '',
            body: text,
          }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

const ways = fc.array(
  fc.constantFrom(
    ...[
      '..',
      '.',
      '',
      'show',
      'up',
      'link.txt',
      '.git',
      'config',
      '.env',
      'secret.txt',
      'www-other',
    ],
    ...[
      '%2e%2e',
      '%2E.',
      '..%2f',
      '%2f',
      '%5c',
      '..%5c',
      '..\\',
      '%00',
      '%c0%ae%c0%ae',
      '%252e%252e',
      'assets',
    ],
    ...[
      '..;',
      '..%00',
      '%e0%80%ae',
      'file:',
      'C:',
      '~',
      ' ',
      '%20',
      '?',
      '#',
      '&',
      '=',
      '..%0d%0a',
    ],
  ),
  { minLength: 1, maxLength: 8 },
);

test('no path leads to a file outside the folder, or to a hidden one', () =>
  stage.innocents.untouchedBy(() =>
    fc.assert(
      fc.asyncProperty(ways, fc.constantFrom('GET', 'HEAD'), async (parts, method) => {
        const path = `/${parts.join('/')}`.replace(/ /g, '%20');
        const { status, body } = await get(path, method);
        assert.ok(!body.includes(SECRET), path);
        assert.ok(status < 500, `${path}: ${status}`);
      }),
      { numRuns: 600 },
    ),
  ));

/** Pieces of markup, of log lines, of header lines; and of every kind of text. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '<script>alert(1)</script>',
        '"><img src=x onerror=alert(1)>',
        "'",
        '"',
        '`',
        '{{7*7}}',
      ),
      fc.constantFrom(
        '\r\nX-Evil: 1\r\n\r\n',
        '\n',
        '\u001b[2J',
        '\0',
        '__proto__',
        'constructor',
        '..',
        '%',
        '\u202e',
      ),
      fc.string({ unit: 'grapheme', maxLength: 20 }),
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((parts) => parts.join(''));

test('names that are no names are refused, and come back as nothing that a browser runs', () =>
  stage.innocents.untouchedBy(() =>
    fc.assert(
      fc.asyncProperty(hostile, async (name) => {
        const { server } = stage;
        const encoded = encodeURIComponent(name.toWellFormed());
        const sdp = { 'content-type': 'application/sdp', authorization: `Bearer ${server.key}` };
        const answers = [
          await get(`/show/${encoded}`),
          await get(`/${encoded}`),
          await get(`/api/${encoded}`),
          await get(`/show/${encoded}/whep`, 'POST', sdp, viewerOffer()),
          await get(`/show/${encoded}/whip`, 'POST', sdp, viewerOffer()),
          await get(`/show/x/whep?transport=${encoded}`, 'POST', sdp, viewerOffer()),
          await get(`/show/x/whep`, 'POST', { ...sdp, 'content-type': 'x' }, name),
        ];
        for (const { status, type, body } of answers) {
          assert.ok(status < 500, `${status}`);
          // A name that is one, such as `constructor`, stands in its page's links; there is nothing in it to run.
          if (!/html/.test(type) || name.length < 8 || /^[\w.-]+$/.test(name)) continue;
          assert.ok(!body.includes(name), 'no page repeats it');
        }
      }),
      { numRuns: 120 },
    ),
  ));

test('no line of the log is made of what a client sent', async () => {
  const { server } = stage;
  const forged = '2026-01-01T00:00:00Z forged line';
  await get(`/show/${encodeURIComponent(`a\n${forged}\r\n`)}/whep`, 'POST', {}, '');
  await get(`/show/a/whip?key=${encodeURIComponent(`\n${forged}`)}`, 'POST', {}, '');
  for (const line of server.log.split('\n')) assert.ok(!line.startsWith(forged), line);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  assert.doesNotMatch(server.log, /[\u0000-\u0008\u000b-\u001f]/);
});
