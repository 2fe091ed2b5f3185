/** Reads server-sent events (HTML Living Standard §9.2), as far as our server uses them. */
import type { ServerEvent } from '../api/events.ts';
import { CommandError } from './command-error.ts';
import type { Connection } from './connection.ts';

export type ReadEvent = ServerEvent & { readonly id?: number };

/** @param lastId the last that was read before: what was missed since comes first */
export async function openEvents(
  api: Connection,
  lastId: number | undefined,
): Promise<ReadableStream<Uint8Array>> {
  const headers: Record<string, string> =
    lastId === undefined ? {} : { 'Last-Event-ID': String(lastId) };
  const { ok, body, status } = await api.stream('/events', headers);
  if (ok && body !== null) return body;
  throw new CommandError(`the server answered with status ${status}.`);
}

/** Until the server ends it. */
export async function* eventsIn(body: ReadableStream<Uint8Array>): AsyncGenerator<ReadEvent> {
  let text = '';
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    const lines = (text + chunk).split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) {
      // Of `event: missed` the data is an empty object.
      if (line.startsWith('data: {"')) yield JSON.parse(line.slice('data: '.length)) as ReadEvent;
    }
  }
}
