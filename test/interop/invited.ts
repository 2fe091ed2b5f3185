/** Invites of a real server, as its owner makes them by the API; and the browsers of those who came by one. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MadeInvite, TallyState } from '../../src/api/guests.ts';
import type { Chromium } from './chromium.ts';
import { Screen } from './screens.ts';
import type { TestServer } from './server.ts';

export class Owner {
  readonly #server: TestServer;

  constructor(server: TestServer) {
    this.#server = server;
  }

  /** @returns what the owner sends to the guest, by the address that the test reaches the server at */
  async invite(name: string, slots: readonly string[], expires?: Date): Promise<Invited> {
    const body = { name, slots, ...(expires && { expires: expires.toISOString() }) };
    const made = (await (await this.ask('POST', '/invites', body)).json()) as MadeInvite;
    const secret = made.url.split('#')[1] ?? '';
    return { id: made.invite.id, secret, url: `${this.origin}/invite#${secret}` };
  }

  async revoke(id: string): Promise<number> {
    return (await this.ask('DELETE', `/invites/${id}`)).status;
  }

  async tally(stream: string, state: TallyState): Promise<void> {
    await this.ask('PUT', `/streams/${stream}/tally`, { state });
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#server.http}`;
  }

  /** With the command line's token, which each start of the server makes anew. */
  ask(method: string, path: string, body?: object): Promise<Response> {
    const file = readFileSync(join(this.#server.stateDir, 'server.json'), 'utf8');
    const { token } = JSON.parse(file) as { token: string };
    return fetch(`${this.origin}/api${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
  }
}

export type Invited = { readonly id: string; readonly secret: string; readonly url: string };

/** Opens an invite and turns camera and microphone on. */
export async function comeIn(chromium: Chromium, { url }: Invited): Promise<Screen> {
  const screen = await Screen.open(chromium, url);
  await screen.page.getByRole('button', { name: 'Turn on camera and microphone' }).click();
  await screen.page.getByRole('button', { name: 'Go live' }).waitFor();
  return screen;
}
