/** What the tests of notifications have in common: a server that tells two targets, and an encoder. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClockSource } from './clock-source.ts';
import type { DiscordServer, WebhookReceiver } from './hook-servers.ts';
import type { TestServer } from './server.ts';

export const ENDED_AFTER_S = 5;
export const FPS = 30;
/** Notifications come by themselves, the next attempt after at most some seconds. */
const SOON_MS = 15_000;

export function configOf(discord: DiscordServer, receiver: WebhookReceiver): string {
  return [
    'public_url: https://live.example.net',
    `events: {ended_after: ${ENDED_AFTER_S}}`,
    'notify:',
    `  crew: {url: "${discord.webhook}"}`,
    `  program: {kind: webhook, url: "${receiver.url}", secret: "${receiver.secret}", events: [stream.live, stream.ended, stream.replaced]}`,
  ].join('\n');
}

export function publish(server: TestServer, name: string): ClockSource {
  return new ClockSource({ gopSeconds: 1, output: { rtmp: server.rtmpUrl(name) } });
}

export async function until(
  condition: () => boolean,
  what: string,
  timeoutMs = SOON_MS,
): Promise<void> {
  const untilMs = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > untilMs) throw new Error(`${what}: not in ${timeoutMs} ms`);
    await sleep(20);
  }
}

/** Secrets of notifications stand nowhere in what the server prints. */
export function assertSecretsUnsaid(server: TestServer, receiver: WebhookReceiver): void {
  for (const secret of ['a-secret-token', 'not-to-be-logged', receiver.secret.slice(6)]) {
    assert.ok(!server.log.includes(secret), `${secret} is in the log`);
  }
}
