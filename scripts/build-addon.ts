/** Builds the native addon where it is missing or out of date. */
import { buildAddon } from '../src/native/build-addon.ts';

try {
  buildAddon();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
