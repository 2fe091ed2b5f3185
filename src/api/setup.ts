/** The JSON of the first-run page: what holds already, what a page cannot change, and what leads here. */
import * as v from 'valibot';
import { type Shape, says } from './schema.ts';

const HOST_LENGTH_MAX = 300;

export const setupInfo = v.object({
  domain: says(v.nullable(v.string()), 'Of the configuration; null where it says none.'),
  configFile: says(
    v.nullable(v.string()),
    'What was read at the start; null where there was none.',
  ),
  addresses: says(v.array(v.string()), 'Where browsers are told to send to, the best first.'),
  commands: says(
    v.object({
      folder: says(v.nullable(v.string()), 'Where they are to be given; null: anywhere.'),
      setup: says(v.string(), 'Changes the configuration; `--domain NAME --yes` goes behind it.'),
      restart: says(v.nullable(v.string()), 'Null where the server runs in a terminal.'),
    }),
    'For the terminal of whoever owns the files, quoted for a shell.',
  ),
});
export const reachQuestion = v.strictObject({
  host: says(
    v.nullable(v.pipe(v.string(), v.maxLength(HOST_LENGTH_MAX))),
    'A domain; null for the best of the public addresses.',
  ),
});
export const check = v.object({
  name: v.string(),
  ok: v.boolean(),
  says: v.string(),
  remedy: says(v.nullable(v.string()), 'What to do; null where all is well.'),
});
export const reachReport = v.object({
  host: says(v.nullable(v.string()), 'What was tried; null where there was nothing to try.'),
  checks: v.array(check),
});

export type SetupInfo = Shape<typeof setupInfo>;
export type Check = Shape<typeof check>;
export type ReachReport = Shape<typeof reachReport>;
