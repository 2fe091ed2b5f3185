/**
 * Writes the generated pages: run it after a change to src/control/config/keys.ts, to a route of the API or to a command.
 * test/docs.test.ts compares.
 */
import { writeFileSync } from 'node:fs';
import { generatedPages } from './generated-pages.ts';

for (const [path, text] of Object.entries(generatedPages())) writeFileSync(path, text);
