/** Makes guest packs: keys for the guest's streams, the files around them, and OBS itself where the owner has uploaded it. */
import type { GuestProtocol } from '../../api/guests.ts';
import type { AskedPack, PackOffer } from '../../api/packs.ts';
import { testStreamOf } from '../../base/names.ts';
import { encoders } from '../../guest-pack/encoders.ts';
import { folderName } from '../../guest-pack/names.ts';
import { packFiles } from '../../guest-pack/pack.ts';
import type { PackFile, PackSlot } from '../../guest-pack/request.ts';
import { mergeZips } from '../../guest-pack/zip/merge.ts';
import { wantedOf } from '../../guest-pack/zip/obs.ts';
import { packZip } from '../../guest-pack/zip/pack-zip.ts';
import { Allowance } from '../access/allowance.ts';
import type { Guests } from '../guests/guests.ts';
import { publishFields } from '../guests/publish-fields.ts';
import { isProblem, type Problem } from '../problem.ts';
import type { StoredInvite } from '../store/invites.ts';
import type { ObsZip, OpenObs } from './obs-zip.ts';
import { piecesStream } from './pieces-stream.ts';

export type PacksDeps = {
  readonly guests: Pick<Guests, 'mintKey' | 'slotOf'>;
  readonly obsZip: Pick<ObsZip, 'open' | 'info'>;
  /** Undefined where this server takes no RTMP. */
  readonly rtmpPort: number | undefined;
  readonly nowMs: () => number;
};

export type Pack = {
  readonly fileName: string;
  readonly bytes: number;
  readonly body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>>;
};

type Place = Pick<PackSlot, 'stream' | 'label' | 'isTest'>;

/** Complete packs on their way at once: each is an open file and some hundred kilobytes. A show has as many guests. */
const SENDING_MAX = 24;
/** Of them for one guest: a second one, when the first seemed to hang. */
const SENDING_PER_GUEST_MAX = 2;
/** Each makes new keys. */
const PACKS = { burst: 10, perMinute: 2 } as const;
const RETRY_S = 60;

export class Packs {
  readonly #deps: PacksDeps;
  readonly #made = new Allowance(PACKS);
  /** Invites that complete packs are being sent for. */
  readonly #sending: string[] = [];

  constructor(deps: PacksDeps) {
    this.#deps = deps;
  }

  /** What a guest can choose from. */
  async offer(): Promise<PackOffer> {
    const obs = await this.#deps.obsZip.info();
    if (obs === undefined) return { complete: null };
    const { browserBytes } = obs.content;
    return { complete: { bytes: obs.bytes - browserBytes, browserBytes } };
  }

  /** @param origin how links call this server */
  async make(invite: StoredInvite, asked: AskedPack, origin: string): Promise<Pack | Problem> {
    const waitS = this.#made.take(invite.id, this.#deps.nowMs());
    if (waitS !== undefined) return tooOften(waitS);
    if (asked.kind !== 'profile' && !encoders[asked.encoder].onWindows) return NOT_ON_WINDOWS;
    if (asked.kind !== 'complete') {
      const files = this.#files(invite, asked, origin);
      if (isProblem(files)) return files;
      const zip = packZip(files);
      return { fileName: fileName(invite, origin), bytes: zip.length, body: zip };
    }
    if (this.#isBusy(invite.id)) return BUSY;
    this.#sending.push(invite.id);
    const done = () => void this.#sending.splice(this.#sending.indexOf(invite.id), 1);
    const obs = await this.#deps.obsZip.open().catch((error) => {
      done();
      throw error;
    });
    if (obs === undefined) {
      done();
      return NO_OBS;
    }
    return this.#complete(invite, asked, { obs, origin, done });
  }

  /** @param done called when it is sent, or will not be */
  async #complete(
    invite: StoredInvite,
    asked: AskedPack,
    { obs, origin, done }: { obs: OpenObs; origin: string; done: () => void },
  ): Promise<Pack | Problem> {
    const { file, content, entries } = obs;
    try {
      const files = this.#files(invite, asked, origin);
      if (!isProblem(files)) {
        const own = files.map(({ path }) => path);
        const isWanted = wantedOf(content, { own, browser: asked.browser });
        const { pieces, bytes } = mergeZips(entries, isWanted, packZip(files, content.folder));
        const body = piecesStream(file, pieces, done);
        return { fileName: fileName(invite, origin), bytes, body };
      }
      await file.close();
      done();
      return files;
    } catch (error) {
      await file.close();
      done();
      throw error;
    }
  }

  /** Makes the keys, and what is made of them. */
  #files(invite: StoredInvite, asked: AskedPack, origin: string): PackFile[] | Problem {
    const streams = this.#streamsOf(invite, asked);
    if (isProblem(streams)) return streams;
    const slots: PackSlot[] = [];
    for (const place of streams) {
      const slot = this.#slot(invite, place, asked.protocol, origin);
      if (isProblem(slot)) return slot;
      slots.push(slot);
    }
    const { protocol, encoder, picture, kind } = asked;
    const host = URL.parse(origin)?.host ?? origin;
    return packFiles({ guest: invite.name, host, slots, protocol, encoder, picture }, kind);
  }

  /** Those that are asked for and can be had by this protocol; and the guest's test. */
  #streamsOf(invite: StoredInvite, { slots, protocol }: AskedPack): readonly Place[] | Problem {
    const { guests, rtmpPort } = this.#deps;
    const wanted = invite.slots.filter((one) => slots === undefined || slots.includes(one));
    if (slots?.some((one) => !wanted.some((stream) => stream === one))) return ELSEWHERE;
    const served = wanted
      .map((stream) => guests.slotOf(invite, stream))
      .filter(({ protocols }) => protocols.includes(protocol));
    if (served.length === 0 || (protocol === 'rtmp' && rtmpPort === undefined)) {
      return protocolOff(protocol);
    }
    return [...served, { stream: testStreamOf(invite.id), label: TEST_LABEL, isTest: true }];
  }

  #slot(
    invite: StoredInvite,
    { stream, label, isTest = false }: Place,
    protocol: GuestProtocol,
    origin: string,
  ): PackSlot | Problem {
    const key = this.#deps.guests.mintKey(invite, stream, protocol);
    if (isProblem(key)) return key;
    const { rtmpPort } = this.#deps;
    const fields = publishFields(protocol, stream, {
      ...{ origin, rtmpPort, secret: key.secret.reveal() },
    });
    if (fields === undefined) return protocolOff(protocol);
    return { stream, label, isTest, server: fields.server, secret: fields.key };
  }

  #isBusy(invite: string): boolean {
    const own = this.#sending.filter((one) => one === invite).length;
    return this.#sending.length >= SENDING_MAX || own >= SENDING_PER_GUEST_MAX;
  }
}

const TEST_LABEL = 'Test (nobody watches)';

/** In letters of ASCII, which every browser and every disk takes. */
function fileName({ name }: StoredInvite, origin: string): string {
  const host = URL.parse(origin)?.hostname ?? '';
  return `${['obs', folderName(host), folderName(name)].filter(Boolean).join('-')}.zip`;
}

function protocolOff(protocol: GuestProtocol): Problem {
  const [off, other] = protocol === 'rtmp' ? ['RTMP', 'WHIP'] : ['WHIP', 'RTMP'];
  return {
    status: 403,
    reason: 'protocol-off',
    detail: `This invite takes no ${off}: use ${other}.`,
  };
}

function tooOften(seconds: number): Problem {
  return {
    status: 429,
    reason: 'too-many-attempts',
    detail: 'Too many packs were made for this invite: wait a little.',
    headers: { 'Retry-After': String(seconds) },
  };
}

const ELSEWHERE: Problem = {
  status: 403,
  reason: 'invite-elsewhere',
  detail: 'The invite is for another stream.',
};
const NOT_ON_WINDOWS: Problem = {
  status: 400,
  reason: 'bad-request',
  detail: "Apple's encoder is for a profile to import: other packs are for Windows.",
};
const NO_OBS: Problem = {
  status: 409,
  reason: 'obs-missing',
  detail: 'The owner has not uploaded OBS: take a pack without it.',
};
const BUSY: Problem = {
  status: 503,
  reason: 'limit-reached',
  detail: 'As many complete packs as can be are being downloaded: try again in a minute.',
  headers: { 'Retry-After': String(RETRY_S) },
};
