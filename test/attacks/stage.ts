/** The stage of a family of attacks: one server, and innocents on it, for all tests of a file. */
import { after, before } from 'node:test';
import { type ServerOptions, TestServer } from '../interop/server.ts';
import { Innocents } from './innocents.ts';

export type Stage = { readonly server: TestServer; readonly innocents: Innocents };

/** Call it at the head of a test file; what it gives is there once the tests run. */
export function setStage(options: ServerOptions = {}): Stage {
  let server: TestServer | undefined;
  let innocents: Innocents | undefined;
  before(async () => {
    server = await TestServer.start(options);
    innocents = await Innocents.start(server);
  });
  after(async () => {
    await innocents?.[Symbol.asyncDispose]();
    await server?.stop();
  });
  return {
    get server() {
      return server!;
    },
    get innocents() {
      return innocents!;
    },
  };
}
