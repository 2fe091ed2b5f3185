/** Every generated page of the documentation, as it should be. */
import { buildProgram } from '../src/cli/main.ts';
import { writeCommandReference } from '../src/cli/reference.ts';
import { apiTable } from '../src/control/api/api.ts';
import { writeApiReference } from '../src/control/api/reference.ts';
import { writeExample, writeReference } from '../src/control/config/reference.ts';
import { accessWorld } from '../test/fakes/access.ts';
import { apiDeps } from '../test/fakes/api.ts';
import { FakeMedia } from '../test/fakes/media-gate.ts';

export function generatedPages(): Readonly<Record<string, string>> {
  const table = apiTable(apiDeps(new FakeMedia(), accessWorld()));
  return {
    'config/example.yaml': writeExample(),
    'docs/reference/config.md': writeReference(),
    'docs/reference/api.md': writeApiReference(table),
    'docs/reference/cli.md': writeCommandReference(buildProgram(() => undefined)),
  };
}
