/**
 * The ICE-lite side (RFC 8445 §2.5): we answer the peer's connectivity checks. The peer controls; a path is valid once
 * a check with our password came over it. We send checks of our own to one place only: an IP address that the peer
 * would have its media sent to and where it has not been seen to receive anything (./return-check.ts); and, where it is
 * asked for, over the path in use, to measure it (./round-trip.ts).
 */

import { parseTransportAddress } from '../stun/address.ts';
import {
  hasIntegrity,
  parseStunMessage,
  type StunMessage,
  type StunReject,
  writeStunMessage,
} from '../stun/message.ts';
import type { IceCredentials } from './credentials.ts';
import type { Path } from './path.ts';
import { ReturnCheck } from './return-check.ts';
import { RoundTrip } from './round-trip.ts';

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
  /** To send back over the path that the check came on; undefined where the message was an answer itself. */
  readonly response: Uint8Array | undefined;
  /** Whether the peer showed itself; false where it is told of an error. */
  readonly valid: boolean;
};

/** What both session descriptions agreed on, as far as ICE needs it. */
export type LiteAgentOptions = {
  readonly local: IceCredentials;
  readonly remote: IceCredentials;
  /** Checks on others are ignored. */
  readonly transports: readonly Path['transport'][];
  /** Bytes that nobody can guess. */
  readonly random: (length: number) => Uint8Array;
  /** Whether the round trip over UDP is wanted. */
  readonly measuresRoundTrip?: boolean;
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

/**
 * The same without a restart, where a NAT changed its mapping: libwebrtc nominates with every check, libjuice checks each
 * 4 to 6 s and nominates no more. Its second check from the new place, with none from the old one between, says where it is.
 */
const SELECTED_SILENT_MS = 3000;

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
  /** Without the port. */
  readonly host: string;
  /** What we sent to its IP address was received there by the peer. */
  reachable: boolean;
  /** In checks from there and in what we sent there: an address that may be forged gets little (RFC 9000 §8.1). */
  receivedBytes: number;
  sentBytes: number;
};

/** Our end of ICE for one session: see the head of this file. */
export class LiteAgent {
  readonly #transports: readonly Path['transport'][];
  readonly #random: (length: number) => Uint8Array;
  #credentials: IceCredentials;
  /** Valid until the first check with the new ones (RFC 8445 §9: the old paths carry media meanwhile). */
  #oldCredentials: IceCredentials | undefined;
  #remote: IceCredentials;
  #oldRemote: IceCredentials | undefined;
  #generation = 0;
  /** A handful at most; the order does not matter. */
  readonly #valid: ValidPath[] = [];
  #selected: ValidPath | undefined;
  #hasSelected = false;
  /** What is to be selected once our check there is answered. */
  #awaited: { readonly valid: ValidPath; readonly check: ReturnCheck } | undefined;
  #lastCheckMs: number | undefined;
  readonly #roundTrip: RoundTrip | undefined;

  constructor(options: LiteAgentOptions) {
    const { local, remote, transports, random } = options;
    if (options.measuresRoundTrip === true) this.#roundTrip = new RoundTrip(random);
    this.#credentials = local;
    this.#remote = remote;
    this.#transports = transports;
    this.#random = random;
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

  /** Over UDP, where it was asked for; undefined before it is known. */
  get roundTripMs(): number | undefined {
    return this.#roundTrip?.ms;
  }

  /** When {@link poll} has a check of ours to send; undefined for none. */
  get deadlineMs(): number | undefined {
    if (this.#awaited !== undefined) return this.#awaited.check.deadlineMs(this.#awaited.valid);
    return this.#measured === undefined ? undefined : this.#roundTrip?.deadlineMs;
  }

  isValid(path: Path): boolean {
    return this.#selected?.path === path || this.#find(path) !== undefined;
  }

  /** Reads one STUN message. A reject means: no answer, nothing changed. */
  receive(bytes: Uint8Array, path: Path, nowMs: number): CheckResult | CheckReject {
    const message = parseStunMessage(bytes);
    if (typeof message === 'string') return message;
    if (message.class !== 'request') return this.#receiveAnswer(bytes, message, path, nowMs);
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
    const valid = this.#validate(message, path, credentials, nowMs);
    const success = { class: 'success', transactionId, mappedAddress: remote } as const;
    const response = writeStunMessage(success, credentials.pwd);
    valid.receivedBytes += bytes.length;
    valid.sentBytes += response.length;
    return { response, valid: true };
  }

  /** Our own check, if one is due. */
  poll(nowMs: number): { readonly path: Path; readonly bytes: Uint8Array } | undefined {
    if (this.#awaited === undefined) return this.#measure(nowMs);
    const { valid, check } = this.#awaited;
    const bytes = check.poll(valid, nowMs);
    if (bytes === undefined) return undefined;
    valid.sentBytes += bytes.length;
    return { path: valid.path, bytes };
  }

  /** The peer ended a handshake with what was sent to the selected path, so it is there. */
  confirmSelected(): void {
    if (this.#selected !== undefined) this.#selected.reachable = true;
  }

  /** Carries DTLS over `path` while the peer has not nominated any: it may be early (RFC 8445 §12.1.1). */
  selectUnlessNominated(path: Path): void {
    if (this.#selected !== undefined) return;
    const valid = this.#find(path);
    if (valid !== undefined) this.#select(valid);
  }

  /** New credentials on both sides; paths stay until the peer has found its way with them (RFC 8445 §9). */
  restart(local: IceCredentials, remote: IceCredentials): void {
    // A restart before the last one took hold: the peer may still use what was answered first.
    if (this.#oldCredentials === undefined) this.#oldRemote = this.#remote;
    this.#oldCredentials ??= this.#credentials;
    this.#credentials = local;
    this.#remote = remote;
    this.#generation++;
  }

  /** The path is gone for good, as a closed TCP connection is. The best remaining nominated path takes over. */
  forget(path: Path): void {
    const index = this.#valid.findIndex((valid) => valid.path === path);
    if (index < 0) return;
    this.#valid.splice(index, 1);
    if (this.#awaited?.valid.path === path) this.#awaited = undefined;
    if (this.#selected?.path !== path) return;
    this.#selected = undefined;
    let next: ValidPath | undefined;
    for (const valid of this.#valid) {
      const best = next?.nominatedMs ?? Number.NEGATIVE_INFINITY;
      if (valid.nominatedMs !== undefined && valid.nominatedMs > best) next = valid;
    }
    if (next !== undefined) this.#select(next);
  }

  /**
   * Media goes to `valid` from now on; or, where nobody has been seen to receive anything at its IP address, once our
   * check there is answered. Else whoever holds a session could have its media sent to anybody, by one check from a
   * forged address. A new port of a known IP address is taken at once: it is what NATs change while media flows, and
   * gives an attacker no more than the address that it receives at anyway.
   *
   * The first path carries the DTLS handshake before anything else, which proves it: see {@link confirmSelected}.
   */
  #select(valid: ValidPath): void {
    if (!this.#hasSelected || this.#isReachable(valid)) {
      this.#hasSelected = true;
      this.#selected = valid;
      this.#awaited = undefined;
    } else if (this.#awaited?.valid !== valid) {
      const isOld = valid.generation < this.#generation;
      const local = (isOld && this.#oldCredentials) || this.#credentials;
      const remote = (isOld && this.#oldRemote) || this.#remote;
      this.#awaited = { valid, check: new ReturnCheck(local.ufrag, remote, this.#random) };
    }
  }

  /** A TCP connection shows by itself that the peer is there. */
  #isReachable({ path, reachable, host }: ValidPath): boolean {
    if (reachable || path.transport === 'tcp') return true;
    return this.#valid.some((other) => other.reachable && other.host === host);
  }

  /** The path that the round trip is measured over: TCP's own is better. */
  get #measured(): ValidPath | undefined {
    const selected = this.#selected;
    return selected?.path.transport === 'udp' && selected.reachable ? selected : undefined;
  }

  #measure(nowMs: number): { readonly path: Path; readonly bytes: Uint8Array } | undefined {
    const measured = this.#measured;
    if (measured === undefined) return undefined;
    const { path } = measured;
    const bytes = this.#roundTrip?.poll(path, this.#credentials.ufrag, this.#remote, nowMs);
    return bytes && { path, bytes };
  }

  #receiveAnswer(
    bytes: Uint8Array,
    message: StunMessage,
    path: Path,
    nowMs: number,
  ): CheckResult | CheckReject {
    if (this.#roundTrip?.receive(bytes, message, path, this.#remote.pwd, nowMs)) {
      return { response: undefined, valid: true };
    }
    const awaited = this.#awaited;
    if (awaited?.valid.path !== path || !awaited.check.isAnsweredBy(bytes, message)) {
      return 'stun-not-a-request';
    }
    awaited.valid.reachable = true;
    this.#select(awaited.valid);
    return { response: undefined, valid: true };
  }

  /** USERNAME is ours, colon, theirs; only our half says whose check it is (RFC 8445 §7.3). */
  #credentialsFor(username: string | undefined): IceCredentials | undefined {
    const colon = username?.indexOf(':') ?? -1;
    if (username === undefined || colon < 0) return undefined;
    const ufrag = username.slice(0, colon);
    if (ufrag === this.#credentials.ufrag) return this.#credentials;
    return ufrag === this.#oldCredentials?.ufrag ? this.#oldCredentials : undefined;
  }

  #validate(
    message: StunMessage,
    path: Path,
    credentials: IceCredentials,
    nowMs: number,
  ): ValidPath {
    const isCurrent = credentials === this.#credentials;
    if (isCurrent) this.#oldCredentials = undefined;
    this.#lastCheckMs = nowMs;
    const known = this.#find(path);
    const formerMs = known?.lastCheckMs ?? Number.NEGATIVE_INFINITY;
    const valid = known ?? this.#add(path, nowMs);
    const isFirstNomination = valid.nominatedMs === undefined;
    valid.lastCheckMs = nowMs;
    valid.priority = message.priority ?? 0;
    const generation = isCurrent ? this.#generation : this.#generation - 1;
    if (valid.generation !== generation) valid.provedMs = nowMs;
    valid.generation = generation;
    valid.nominating = message.useCandidate;
    if (!message.useCandidate) {
      this.#takeOver(valid, formerMs, nowMs);
      return valid;
    }
    valid.nominatedMs = nowMs;
    if (isFirstNomination || this.#shouldSwitch(valid, nowMs)) this.#select(valid);
    return valid;
  }

  /** From a path that the peer has left, it seems, without a nomination of the one that it now uses. */
  #takeOver(valid: ValidPath, formerMs: number, nowMs: number): void {
    const from = this.#selected;
    if (from === undefined || from === valid || from.generation > valid.generation) return;
    if (from.generation === valid.generation) {
      const isSilent = nowMs - from.lastCheckMs >= SELECTED_SILENT_MS;
      if (isSilent && formerMs > from.lastCheckMs) this.#select(valid);
      return;
    }
    if (nowMs - valid.provedMs >= UNNOMINATED_MS_MAX) this.#select(valid);
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
      host: path.remote.slice(0, path.remote.lastIndexOf(':')),
      reachable: path.transport === 'tcp',
      receivedBytes: 0,
      sentBytes: 0,
    };
    this.#valid.push(valid);
    return valid;
  }

  #evict(): void {
    let oldest: ValidPath | undefined;
    for (const valid of this.#valid) {
      if (valid === this.#selected || valid === this.#awaited?.valid) continue;
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
