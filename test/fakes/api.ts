/** What the API is built from, around a fake media plane and a real gate. */
import type { ApiDeps } from '../../src/control/api/api.ts';
import { Counts } from '../../src/control/metrics/counts.ts';
import type { AccessWorld } from './access.ts';
import type { FakeMedia } from './media-gate.ts';
import { SINCE } from './streams.ts';

/** Only the command line of a server would know it. */
export const COMMAND_TOKEN = 'a-token-that-only-the-owner-of-the-files-can-read';

export function apiDeps(
  media: FakeMedia,
  { gate, store, apps, accounts }: Pick<AccessWorld, 'gate' | 'store' | 'apps' | 'accounts'>,
): ApiDeps {
  return {
    media,
    gate,
    store,
    directory: apps,
    accounts,
    isConfigured: (app) => app === 'show',
    // Argon2 takes its time on purpose; tests of others need none of it.
    passwords: { hash: async () => '$argon2id$v=19$m=1,t=1,p=1$c2FsdA$dGFn' },
    nowMs: Date.now,
    commandToken: COMMAND_TOKEN,
    rtmpPort: 1935,
    onKicked: () => undefined,
    version: '1.2.3',
    startedMs: Date.parse(SINCE),
    ports: { rtmp: 1935, iceTcp: 3478, iceUdp: 10_000 },
    counts: new Counts(),
  };
}
