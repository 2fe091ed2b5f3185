/** Writes the generated pages: run it after a change to src/control/config/keys.ts. test/docs.test.ts compares. */
import { writeFileSync } from 'node:fs';
import { writeExample, writeReference } from '../src/control/config/reference.ts';

writeFileSync('config/example.yaml', writeExample());
writeFileSync('docs/reference/config.md', writeReference());
