import { setTimeout as sleep } from 'node:timers/promises';
import type { AdmissionPart } from '../../access/facts.ts';
import type { PublishRequest, ViewRequest } from '../../access/request.ts';
import { appOf, type StreamName } from '../../base/names.ts';
import type { CloseReason, DenialReason } from '../../base/reasons.ts';
import type { SessionId } from '../../channel/messages.ts';
import { LineBudget } from '../line-budget.ts';
import type { Log } from '../log.ts';
import type { Outbound } from '../outbound/outbound.ts';
import { WaitingRoom } from '../waiting-room.ts';
import type { AdmittedTable } from './admitted-table.ts';
import { Closings } from './closings.ts';
import { callHook, type HookAddress } from './hook.ts';
import { type HookSession, isIncoming, readHookAnswer, writeHookBody } from './hook-message.ts';

/** The hook of an app, and what it is asked about. */
export type AdmissionSettings = HookAddress & {
  readonly publishing: readonly ('rtmp' | 'webrtc')[];
  readonly playback: readonly 'webrtc'[];
  /** Whether our own keys and rules count beside its answer. */
  readonly alsoNeedsKey: boolean;
};

/** Somebody who wants to publish or to watch. */
export type AdmissionRequest = Pick<
  PublishRequest | ViewRequest,
  'protocol' | 'session' | 'stream' | 'url' | 'client'
>;

/** What came of asking. */
export type Admitted =
  | {
      readonly allowed: true;
      /** What it gets: mostly what it asked for. */
      readonly stream: StreamName;
      /** For so long; undefined for as long as it likes. */
      readonly lifetimeMs: number | undefined;
    }
  | {
      readonly allowed: false;
      readonly reason: Extract<DenialReason, 'admission-denied' | 'not-decided' | 'limit-reached'>;
    };

export type AdmissionDeps = {
  /** Undefined where the app has no hook. */
  readonly settings: (app: string) => AdmissionSettings | undefined;
  readonly outbound: Outbound;
  /** Outlives this process. */
  readonly admitted: AdmittedTable;
  readonly log: Log;
};

/** The part of the media link that sessions are ended through. */
export type AdmissionMedia = {
  close(session: SessionId, reason: CloseReason): void;
};

/** How long a stop waits for hooks. */
const GOODBYE_MS_MAX = 5_000;
/** Who waits for a hook's answer: each costs a connection to it, and some kilobytes. */
const WAITING = { allMax: 512, perNetworkMax: 64 };

type Hooked = {
  readonly settings: AdmissionSettings;
  readonly session: HookSession;
  readonly id: SessionId;
  /** What was asked for. */
  readonly stream: StreamName;
};
type Open = Hooked & {
  /** What it got. */
  readonly granted: StreamName;
};

/**
 * The owner's own server decides who may. It hears of each session that it let in twice, of its opening and of its
 * closing, in this order; of a stream's publishers the closing of one comes before the opening of the one that comes back.
 */
export class Admission {
  readonly #deps: AdmissionDeps;
  readonly #waiting = new WaitingRoom(WAITING);
  readonly #open = new Map<SessionId, Open>();
  /** Publishers that are asked about now. */
  readonly #asking = new Map<string, Promise<unknown>>();
  /** By the hook's URL: one that is slow keeps nobody else waiting. */
  readonly #closings = new Map<string, Closings>();
  readonly #lines = new LineBudget(Date.now);
  #media: AdmissionMedia | undefined;

  constructor(deps: AdmissionDeps) {
    this.#deps = deps;
    this.#guarded(() => this.#closeAllOfBefore());
  }

  /** Sessions that stand in the way of those that come back end there. */
  watch(media: AdmissionMedia): void {
    this.#media = media;
  }

  /** Whether a hook has a say in this, and whether it is the only one. */
  part(request: Pick<AdmissionRequest, 'protocol' | 'stream'>): AdmissionPart {
    const settings = this.#settingsFor(request);
    if (settings === undefined) return 'none';
    return settings.alsoNeedsKey ? 'also' : 'alone';
  }

  /** Asks the hook. Where it lets the session in, {@link closing} has to follow once that is over. */
  async opening(request: AdmissionRequest): Promise<Admitted> {
    const settings = this.#settingsFor(request);
    const { session: id, stream, client, protocol } = request;
    if (settings === undefined) return { allowed: true, stream, lifetimeMs: undefined };
    if (!this.#waiting.enter(id, client.address)) {
      return { allowed: false, reason: 'limit-reached' };
    }
    const session = { protocol, url: request.url.reveal(), client };
    const asked = { settings, session, id, stream };
    try {
      return await (isIncoming(session) ? this.#askInTurn(asked) : this.#ask(asked));
    } finally {
      this.#waiting.leave(id);
    }
  }

  /**
   * A session is over, or will never begin. The hook hears of it once, and only of one that it let in.
   * @param stream as it was at the end
   */
  closing({ session: id }: Pick<AdmissionRequest, 'session'>, stream: StreamName): void {
    const open = this.#open.get(id);
    if (open === undefined) return;
    this.#open.delete(id);
    this.#owe({ ...open, granted: stream });
  }

  /** Tells of all that is over before the process ends; a hook that is slow then does not hear everything. */
  async close(): Promise<void> {
    for (const [session, { granted }] of this.#open) this.closing({ session }, granted);
    const told = Promise.all([...this.#closings.values()].map((closings) => closings.close()));
    await Promise.race([told, sleep(GOODBYE_MS_MAX, undefined, { ref: false })]);
  }

  /** An encoder that did not wait for the answer and asks anew is asked about once the first answer is there. */
  async #askInTurn(asked: Hooked): Promise<Admitted> {
    const encoder = JSON.stringify([asked.stream, asked.session.client.address, asked.session.url]);
    const before = this.#asking.get(encoder);
    const answer = (async () => {
      await before;
      if (await this.#makeWay(asked)) return this.#ask(asked);
      return this.#failed(asked, 'it cannot be reached to tell of the stream that ended before');
    })();
    this.#asking.set(encoder, answer);
    try {
      return await answer;
    } finally {
      if (this.#asking.get(encoder) === answer) this.#asking.delete(encoder);
    }
  }

  async #ask(asked: Hooked): Promise<Admitted> {
    const { settings, session, id, stream } = asked;
    const body = writeHookBody(session, 'opening', stream, new Date());
    const answer = await callHook(this.#deps.outbound, settings, body);
    const decision = Buffer.isBuffer(answer) ? readHookAnswer(answer) : answer;
    if ('wrong' in decision) return this.#failed(asked, decision.wrong);
    const { allowed, reason, lifetimeMs } = decision;
    if (!allowed) {
      const { address } = session.client;
      const line = this.#lines.take();
      if (line !== undefined) {
        this.#deps.log.info({ stream, address, reason, ...line }, 'the admission hook says no');
      }
      return { allowed: false, reason: 'admission-denied' };
    }
    const granted = decision.stream ?? stream;
    const open = { ...asked, granted };
    this.#open.set(id, open);
    this.#guarded(() => this.#deps.admitted.add(open));
    return { allowed: true, stream: granted, lifetimeMs };
  }

  /**
   * An encoder that lost its network comes back before the old connection counts as dead. Handlers go by the stream's
   * name, and would take the closing that is still to come for that of the new session: so the old one, known by its
   * URL with all secrets and by its address, ends first. @returns false where the hook could not be told
   */
  #makeWay(asked: Hooked): Promise<boolean> {
    const { url, client } = asked.session;
    for (const [id, { stream, session, granted }] of this.#open) {
      const isSame = stream === asked.stream && session.url === url && isIncoming(session);
      if (!isSame || session.client.address !== client.address) continue;
      this.#media?.close(id, 'replaced');
      this.closing({ session: id }, granted);
    }
    return this.#closingsOf(asked).settle(laneOf(asked));
  }

  /** Sessions that were open when a process before this one was killed. */
  #closeAllOfBefore(): void {
    for (const { id, stream, granted, session } of this.#deps.admitted.list()) {
      const settings = this.#deps.settings(appOf(stream));
      if (settings === undefined) this.#deps.admitted.remove(id);
      else this.#owe({ settings, session, id, stream, granted });
    }
  }

  #owe(open: Open): void {
    const body = writeHookBody(open.session, 'closing', open.granted, new Date());
    const tell = async (): Promise<boolean> => {
      const isTold = await this.#tellClosing(open, body);
      if (isTold) this.#guarded(() => this.#deps.admitted.remove(open.id));
      return isTold;
    };
    this.#closingsOf(open).add({ lane: laneOf(open), tell });
  }

  async #tellClosing({ settings, stream }: Hooked, body: string): Promise<boolean> {
    const answer = await callHook(this.#deps.outbound, settings, body);
    if (Buffer.isBuffer(answer)) return true;
    const line = this.#lines.take();
    if (line !== undefined) {
      const text = 'the admission hook failed at a closing';
      this.#deps.log.warn({ stream, problem: answer.wrong, ...line }, text);
    }
    return answer.isSent;
  }

  /** A database that fails keeps nobody out: at worst a closing is missed, or told twice, if this process is killed. */
  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      const line = this.#lines.take();
      const text = 'who was let in by the admission hook could not be written down';
      if (line !== undefined) this.#deps.log.error({ err: error, ...line }, text);
    }
  }

  #closingsOf({ settings: { url } }: Hooked): Closings {
    const known = this.#closings.get(url.reveal());
    if (known !== undefined) return known;
    const closings = new Closings({
      nowMs: () => performance.now(),
      onGivenUp: (count) => {
        const text = 'the admission hook was away: it will not hear of sessions that ended';
        this.#deps.log.warn({ count }, text);
      },
    });
    this.#closings.set(url.reveal(), closings);
    return closings;
  }

  #failed({ stream, session }: Hooked, problem: string): Admitted {
    const { address } = session.client;
    const line = this.#lines.take();
    if (line !== undefined) {
      const text = 'the admission hook failed: who asked is turned away';
      this.#deps.log.warn({ stream, address, problem, ...line }, text);
    }
    return { allowed: false, reason: 'not-decided' };
  }

  #settingsFor({
    protocol,
    stream,
  }: Pick<AdmissionRequest, 'protocol' | 'stream'>): AdmissionSettings | undefined {
    const settings = this.#deps.settings(appOf(stream));
    if (settings === undefined) return undefined;
    const isAsked = isIncoming({ protocol })
      ? settings.publishing.includes(protocol === 'rtmp' ? 'rtmp' : 'webrtc')
      : settings.playback.includes('webrtc');
    return isAsked ? settings : undefined;
  }
}

/** A stream's publishers follow each other; viewers have nothing to do with one another. */
function laneOf({ session, stream, id }: Hooked): string {
  return isIncoming(session) ? stream : id;
}
