/**
 * The ICE-lite side (RFC 8445 §2.5): we answer the peer's connectivity checks and send none. The peer controls;
 * a path is valid once a check with our password came over it.
 */
import { parseTransportAddress } from '../stun/address.ts';
import {
  hasIntegrity,
  parseStunMessage,
  type StunMessage,
  type StunReject,
  writeStunMessage,
} from '../stun/message.ts';
import type { Path } from './path.ts';

/** Our own credentials, as in our session description (RFC 8839 §5.4). */
export type IceCredentials = { readonly ufrag: string; readonly pwd: string };

/** Why a STUN message changed nothing. */
export type CheckReject =
  | StunReject
  | 'stun-not-a-request'
  | 'transport-not-offered'
  | 'unknown-ufrag'
  | 'wrong-integrity'
  | 'bad-remote-address';

/** What one received STUN message led to. */
export type CheckResult = {
  /** To send back over the path that the check came on. */
  readonly response: Uint8Array;
  /** Whether the check proved the path; false for an error response. */
  readonly valid: boolean;
};

/** A peer's interfaces times our addresses; past it the path that was silent longest is forgotten. */
const VALID_PATHS_MAX = 16;

/**
 * For how long a nomination holds against an older path's. An agent with aggressive nomination (RFC 5245 §8.1.1.2,
 * as libnice has it) nominates every path in turn: switching each time would flap.
 */
const NOMINATION_HOLD_MS = 5000;

/**
 * After a restart the peer nominates within a round trip, unless its old path died and it has not noticed: libwebrtc
 * waits some seconds for it. A path of the new credentials that lasted this long without any nomination is taken.
 */
const UNNOMINATED_MS_MAX = 500;

const ERROR_UNKNOWN_ATTRIBUTE = 420;
const ERROR_ROLE_CONFLICT = 487;

type ValidPath = {
  readonly path: Path;
  lastCheckMs: number;
  /** The last check with USE-CANDIDATE; undefined before the first one. */
  nominatedMs: number | undefined;
  /** False again when a check came without USE-CANDIDATE: the peer moved on. */
  nominating: boolean;
  /** As the peer sees this path (RFC 8445 §5.1.2). */
  priority: number;
  /** Counts ICE restarts: a nomination with newer credentials wins. */
  generation: number;
  /** The first check of this generation. */
  provedMs: number;
};

/** Our end of ICE for one session: see the head of this file. */
export class LiteAgent {
  readonly #transports: readonly Path['transport'][];
  #credentials: IceCredentials;
  /** Valid until the first check with the new ones (RFC 8445 §9: the old paths carry media meanwhile). */
  #oldCredentials: IceCredentials | undefined;
  #generation = 0;
  /** A handful at most; the order does not matter. */
  readonly #valid: ValidPath[] = [];
  #selected: ValidPath | undefined;
  #lastCheckMs: number | undefined;

  constructor(credentials: IceCredentials, transports: readonly Path['transport'][]) {
    this.#credentials = credentials;
    this.#transports = transports;
  }

  /** Where to send: the path that the peer nominated last. */
  get selected(): Path | undefined {
    return this.#selected?.path;
  }

  get validPaths(): number {
    return this.#valid.length;
  }

  /** The last valid check on any path: the peer's consent, and the sign that it lives (RFC 7675 §5.1). */
  get lastCheckMs(): number | undefined {
    return this.#lastCheckMs;
  }

  isValid(path: Path): boolean {
    return this.#selected?.path === path || this.#find(path) !== undefined;
  }

  /** Reads one STUN message. A reject means: no answer, nothing changed. */
  receive(bytes: Uint8Array, path: Path, nowMs: number): CheckResult | CheckReject {
    const message = parseStunMessage(bytes);
    if (typeof message === 'string') return message;
    if (message.class !== 'request') return 'stun-not-a-request';
    if (!this.#transports.includes(path.transport)) return 'transport-not-offered';
    const credentials = this.#credentialsFor(message.username);
    if (credentials === undefined) return 'unknown-ufrag';
    if (!hasIntegrity(bytes, message, credentials.pwd)) return 'wrong-integrity';
    const remote = parseTransportAddress(path.remote);
    if (remote === undefined) return 'bad-remote-address';

    const { transactionId } = message;
    const error = errorFor(message);
    if (error !== undefined) {
      const response = { class: 'error', transactionId, ...error } as const;
      return { response: writeStunMessage(response, credentials.pwd), valid: false };
    }
    this.#validate(message, path, credentials, nowMs);
    const response = { class: 'success', transactionId, mappedAddress: remote } as const;
    return { response: writeStunMessage(response, credentials.pwd), valid: true };
  }

  /** Carries DTLS over `path` while the peer has not nominated any: it may be early (RFC 8445 §12.1.1). */
  selectUnlessNominated(path: Path): void {
    this.#selected ??= this.#find(path);
  }

  /** New credentials from us; paths stay until the peer has found its way with the new ones (RFC 8445 §9). */
  restart(credentials: IceCredentials): void {
    // A restart before the last one took hold: the peer may still use what was answered first.
    this.#oldCredentials ??= this.#credentials;
    this.#credentials = credentials;
    this.#generation++;
  }

  /** The path is gone for good, as a closed TCP connection is. The best remaining nominated path takes over. */
  forget(path: Path): void {
    const index = this.#valid.findIndex((valid) => valid.path === path);
    if (index < 0) return;
    this.#valid.splice(index, 1);
    if (this.#selected?.path !== path) return;
    this.#selected = undefined;
    for (const valid of this.#valid) {
      const best: number = this.#selected?.nominatedMs ?? Number.NEGATIVE_INFINITY;
      if (valid.nominatedMs !== undefined && valid.nominatedMs > best) this.#selected = valid;
    }
  }

  /** USERNAME is ours, colon, theirs; only our half says whose check it is (RFC 8445 §7.3). */
  #credentialsFor(username: string | undefined): IceCredentials | undefined {
    const colon = username?.indexOf(':') ?? -1;
    if (username === undefined || colon < 0) return undefined;
    const ufrag = username.slice(0, colon);
    if (ufrag === this.#credentials.ufrag) return this.#credentials;
    return ufrag === this.#oldCredentials?.ufrag ? this.#oldCredentials : undefined;
  }

  #validate(message: StunMessage, path: Path, credentials: IceCredentials, nowMs: number): void {
    const isCurrent = credentials === this.#credentials;
    if (isCurrent) this.#oldCredentials = undefined;
    this.#lastCheckMs = nowMs;
    const valid = this.#find(path) ?? this.#add(path, nowMs);
    const isFirstNomination = valid.nominatedMs === undefined;
    valid.lastCheckMs = nowMs;
    valid.priority = message.priority ?? 0;
    const generation = isCurrent ? this.#generation : this.#generation - 1;
    if (valid.generation !== generation) valid.provedMs = nowMs;
    valid.generation = generation;
    valid.nominating = message.useCandidate;
    if (!message.useCandidate) {
      this.#takeOver(valid, nowMs);
      return;
    }
    valid.nominatedMs = nowMs;
    if (isFirstNomination || this.#shouldSwitch(valid, nowMs)) this.#selected = valid;
  }

  /** From a path of older credentials that the peer may not have left yet, but that need not live any more. */
  #takeOver(valid: ValidPath, nowMs: number): void {
    const from = this.#selected;
    if (from === undefined || from.generation >= valid.generation) return;
    if (nowMs - valid.provedMs >= UNNOMINATED_MS_MAX) this.#selected = valid;
  }

  #shouldSwitch(to: ValidPath, nowMs: number): boolean {
    const from = this.#selected;
    if (from === undefined || from.nominatedMs === undefined || !from.nominating) return true;
    if (to.generation !== from.generation) return to.generation > from.generation;
    if (nowMs - from.nominatedMs > NOMINATION_HOLD_MS) return true;
    return to.priority > from.priority; // RFC 8445 §8.1.1: of several nominated, the highest
  }

  #add(path: Path, nowMs: number): ValidPath {
    if (this.#valid.length >= VALID_PATHS_MAX) this.#evict();
    const valid: ValidPath = {
      path,
      lastCheckMs: nowMs,
      nominatedMs: undefined,
      nominating: false,
      priority: 0,
      generation: this.#generation,
      provedMs: nowMs,
    };
    this.#valid.push(valid);
    return valid;
  }

  #evict(): void {
    let oldest: ValidPath | undefined;
    for (const valid of this.#valid) {
      if (valid === this.#selected) continue;
      if (oldest === undefined || valid.lastCheckMs < oldest.lastCheckMs) oldest = valid;
    }
    if (oldest !== undefined) this.#valid.splice(this.#valid.indexOf(oldest), 1);
  }

  #find(path: Path): ValidPath | undefined {
    for (const valid of this.#valid) if (valid.path === path) return valid;
    return undefined;
  }
}

function errorFor(
  message: StunMessage,
): { errorCode: number; unknownAttributes?: readonly number[] } | undefined {
  if (message.unknownRequired.length > 0) {
    return { errorCode: ERROR_UNKNOWN_ATTRIBUTE, unknownAttributes: message.unknownRequired };
  }
  // A lite agent never controls a full one; told so, the peer switches its role (RFC 8445 §7.3.1.1).
  if (message.role === 'controlled') return { errorCode: ERROR_ROLE_CONFLICT };
  return undefined;
}
