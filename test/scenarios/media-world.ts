/**
 * The whole media plane in virtual time: engine, sessions, router and batches are the real ones; crypto, kernel and
 * network are made up, from one seed. Every promise that holds in all scenarios is checked as packets pass, and
 * {@link MediaWorld.end} checks that nothing is left behind.
 */
import assert from 'node:assert/strict';
import type { StreamInfo } from '../../src/api/streams.ts';
import { parseStreamName, type StreamName } from '../../src/base/names.ts';
import type { CloseReason } from '../../src/base/reasons.ts';
import type { FromMedia, MediaEvent, PeerParameters } from '../../src/channel/messages.ts';
import { RUN_BYTES_MAX } from '../../src/engine/send-table.ts';
import { IceRouter } from '../../src/media/ice/router.ts';
import { MediaPlane } from '../../src/media/media-plane.ts';
import { BatchSender } from '../../src/media/send/batch-sender.ts';
import { OpenClient } from './client-host.ts';
import { Encoder, type EncoderOptions, LAYER_IDS } from './encoder.ts';
import { FakeAddon, StrictCrypto } from './fake-addon.ts';
import { FakeCrypto } from './fake-crypto.ts';
import { type Leg, ServerPorts, TcpLeg, UdpLeg } from './legs.ts';
import { type LinkOptions, PERFECT_LINK, runUntil, SeededRandom, type Timed } from './network.ts';
import { DirectPublisher, PUBLISHED_TYPES, RID_ID, WhipPublisher } from './publishers.ts';
import { GOOD_TCP, type TcpOptions } from './tcp-socket.ts';
import { TestClient } from './test-client.ts';
import { TestViewer, TRANSPORT_CC_ID, VIEWED_TYPES } from './test-viewer.ts';

/** Room for the answers to STUN, RTCP and DTLS of one TCP viewer. */
const CONTROL_BYTES_MAX = 32 * 1024;

/** Of every client: none attacks another here. */
const CLIENT_PWD = 'clientPasswordOf22Bytes';

/** Wall clock minus virtual time: some day in 2026. */
const WALL_OFFSET_MS = 1_790_000_000_000;
/** Sender reports come every 2 s, a publisher's every second: then sound and picture must be in step. */
const SYNC_GRACE_MS = 3_500;
/** A healthy home line. */
const LINE: LinkOptions = { ...PERFECT_LINK, delayMs: 15 };
/** Longer than any patience of the server's: of a vanished viewer it is 30 s. */
const END_MS = 35_000;

export type LegOptions = {
  readonly transport: 'udp' | 'tcp';
  readonly up?: Partial<LinkOptions>;
  readonly down?: Partial<LinkOptions>;
  readonly tcp?: Partial<TcpOptions>;
};

export type ViewOptions = {
  readonly stream?: string;
  readonly legs?: readonly LegOptions[];
  /** A viewer that asks for a keyframe when it lost something, as browsers do. */
  readonly pli?: boolean;
  /** Over UDP: transport-wide feedback and retransmissions, as all browsers have. */
  readonly feedback?: boolean;
};

export type PublishOptions = {
  readonly stream?: string;
  readonly encoder?: Partial<EncoderOptions>;
  readonly leg?: Partial<LegOptions>;
  readonly nack?: boolean;
  /** Simulcast: each layer's rid and encoder, the best one last. */
  readonly layers?: readonly LayerOptions[];
};

export type LayerOptions = { readonly rid: string; readonly encoder: Partial<EncoderOptions> };

export class MediaWorld {
  readonly seed: number;
  readonly random: SeededRandom;
  nowMs = 1000;
  readonly events: { readonly atMs: number; readonly event: MediaEvent }[] = [];
  /** Broken promises. */
  readonly violations: string[] = [];
  syncGraceMs = SYNC_GRACE_MS;
  /** 1 where packets were sent again: the send table keeps the arena that it made for them. */
  arenasKept = 0;
  readonly crypto = new StrictCrypto('server');
  readonly router = new IceRouter();
  readonly ports = new ServerPorts(this.router, () => this.nowMs);
  readonly addon = new FakeAddon(this.crypto, this.ports);
  readonly sender = new BatchSender(this.addon);
  readonly plane: MediaPlane;
  readonly viewers: TestViewer[] = [];
  readonly publishers: (WhipPublisher | DirectPublisher)[] = [];
  readonly #parts: Timed[] = [];
  readonly #ufrags = new Set<object>();
  #stats: readonly StreamInfo[] = [];
  #wakeMs = Infinity;
  #nextNumber = 1;

  constructor(seed: number) {
    this.seed = seed;
    this.random = new SeededRandom(seed);
    const { router } = this;
    this.plane = new MediaPlane({
      onBug: (error) => {
        throw error;
      },
      arenas: this.addon,
      flush: (table) => {
        this.sender.flush(table);
        this.#checkBacklogs();
      },
      crypto: this.crypto,
      router: {
        register: (ufrag, session) => {
          this.#ufrags.add(session);
          router.register(ufrag, session);
        },
        unregister: (session) => {
          this.#ufrags.delete(session);
          router.unregister(session);
        },
      },
      clockMs: () => this.nowMs,
      wakeBy: (deadlineMs) => this.#wakeBy(deadlineMs),
      wallOffsetMs: WALL_OFFSET_MS,
      random: (limit) => this.random.below(limit),
      bFrames: () => 'drop',
      coalescesAudio: () => false,
      send: (message) => this.#onMessage(message),
    });
    this.#parts.push(this.#planeAsPart());
  }

  /** Lets `ms` pass. */
  pass(ms: number): void {
    this.nowMs = runUntil(this.#parts, this.nowMs, this.nowMs + ms);
  }

  name(text: string): StreamName {
    const name = parseStreamName(text);
    assert.ok(name);
    return name;
  }

  /** As `GET /api/streams` would show it now. */
  stats(): readonly StreamInfo[] {
    this.plane.sendStats(0, this.nowMs);
    return this.#stats;
  }

  /** What happened to sessions of a role since the start: reasons, in order. */
  ended(role: 'publisher' | 'viewer'): CloseReason[] {
    return this.events.flatMap(({ event }) =>
      event.type === 'session-ended' && event.role === role ? [event.reason] : [],
    );
  }

  endOf(session: string): { readonly atMs: number; readonly reason: CloseReason } | undefined {
    for (const { atMs, event } of this.events) {
      if (event.type === 'session-ended' && event.session === session) {
        return { atMs, reason: event.reason };
      }
    }
    return undefined;
  }

  view(options: ViewOptions = {}): TestViewer {
    const { stream = 'show/one', legs = [{ transport: 'tcp' }], pli = true } = options;
    const { feedback = false } = options;
    const transportCcId = feedback ? TRANSPORT_CC_ID : undefined;
    const number = this.#nextNumber++;
    const session = `viewer-${number}`;
    const ssrcs = { video: 0x10_0000 + number, audio: 0x20_0000 + number };
    const transports = [...new Set(legs.map(({ transport }) => transport))];
    const { client, peer } = this.#newClient(session, legs, transports);
    const viewer = new TestViewer(session, client, ssrcs, {
      pli,
      feedback,
      violate: (what, nowMs) => this.#violate(session, what, nowMs),
    });
    this.plane.openViewer(
      {
        type: 'open-viewer',
        address: '192.0.2.1',
        session,
        stream: this.name(stream),
        protocol: 'whep',
        peer,
        tracks: [
          {
            mid: '0',
            kind: 'video',
            ssrc: ssrcs.video,
            rtxSsrc: feedback ? 0x30_0000 + number : undefined,
            payloadTypes: [
              {
                codec: 'h264',
                payloadType: VIEWED_TYPES.video,
                rtxPayloadType: feedback ? VIEWED_TYPES.rtx : undefined,
              },
            ],
            nack: feedback,
            transportCcId,
          },
          {
            mid: '1',
            kind: 'audio',
            ssrc: ssrcs.audio,
            rtxSsrc: undefined,
            payloadTypes: [
              { codec: 'opus', payloadType: VIEWED_TYPES.audio, rtxPayloadType: undefined },
            ],
            nack: false,
            transportCcId,
          },
        ],
      },
      this.nowMs,
    );
    viewer.eye.syncFromMs = this.nowMs + this.syncGraceMs;
    this.viewers.push(viewer);
    this.addPart(viewer);
    return viewer;
  }

  /** Publishes by WHIP: the camera starts as soon as the connection stands. */
  publishByWhip(options: PublishOptions = {}): WhipPublisher {
    const { stream = 'show/one', leg = {}, nack = true, layers = [] } = options;
    const encoder = layers.at(-1)?.encoder ?? options.encoder ?? {};
    const number = this.#nextNumber++;
    const session = `publisher-${number}`;
    const legOptions = { transport: 'udp', ...leg } as const;
    const { client, peer } = this.#newClient(session, [legOptions], [legOptions.transport]);
    client.onOutput = (output, nowMs) => {
      if (output.type === 'connected') publisher.camera.start(nowMs);
      if (output.type === 'rtcp') publisher.onRtcp(output.packets, nowMs);
    };
    const publisher = new WhipPublisher(
      session,
      client.host,
      this.#encoder(number, encoder),
      this.random.below(2 ** 31),
    );
    for (const [index, layer] of layers.entries()) {
      const isBest = index === layers.length - 1;
      const id = number + LAYER_IDS * (index + 1);
      publisher.addLayer(layer.rid, isBest ? undefined : this.#encoder(id, layer.encoder));
    }
    const track = (kind: 'video' | 'audio', mid: string, codec: 'h264' | 'opus') => ({
      mid,
      kind,
      payloads: [
        {
          payloadType: PUBLISHED_TYPES[kind],
          codec,
          clockRate: kind === 'video' ? 90_000 : 48_000,
          channels: kind === 'video' ? 1 : 2,
          rtxPayloadType: undefined,
          parameters: {},
        },
      ],
      ssrcs: [],
      rids: kind === 'video' ? layers.map(({ rid }) => rid) : [],
      nack: nack && kind === 'video',
      pli: kind === 'video',
      declaredBps: undefined,
      extensions: {
        mid: undefined,
        rid: layers.length > 0 ? RID_ID : undefined,
        repairedRid: undefined,
        transportCc: undefined,
        audioLevel: undefined,
      },
    });
    this.plane.openPublisher(
      {
        type: 'open-publisher',
        address: '192.0.2.1',
        session,
        stream: this.name(stream),
        userAgent: 'scenario',
        peer,
        tracks: [track('video', '0', 'h264'), track('audio', '1', 'opus')],
      },
      this.nowMs,
    );
    this.publishers.push(publisher);
    this.addPart(publisher);
    return publisher;
  }

  /** Publishes without a session of WebRTC's, from now on. */
  publishDirectly(options: Pick<PublishOptions, 'stream' | 'encoder'> = {}): DirectPublisher {
    const { stream = 'show/one', encoder = {} } = options;
    const number = this.#nextNumber++;
    const input = this.plane.publish(
      this.name(stream),
      {
        session: `publisher-${number}`,
        protocol: 'rtmp',
        transport: 'tcp',
        userAgent: undefined,
      },
      {
        onKeyframeWanted: (nowMs) => publisher.keyframeRequests.push(nowMs),
        onClosed: (reason) => {
          publisher.closed = reason;
          publisher.camera.stop();
        },
      },
      this.nowMs,
    );
    assert.ok(input);
    const seed = this.random.below(2 ** 31);
    const publisher: DirectPublisher = new DirectPublisher(
      input,
      this.#encoder(number, encoder),
      seed,
      this.nowMs,
    );
    this.publishers.push(publisher);
    this.addPart(publisher);
    return publisher;
  }

  /** New credentials for a viewer's ICE, and what it needs to use them. */
  restartIce(session: string): { readonly ufrag: string; readonly pwd: string } {
    const ufrag = `again${this.#nextNumber++}`;
    const pwd = `restartedPasswordOf22Bytes${ufrag}`;
    this.plane.restartIce({
      type: 'restart-ice',
      session,
      localUfrag: ufrag,
      localPwd: pwd,
      remoteUfrag: session,
      remotePwd: CLIENT_PWD,
    });
    return { ufrag, pwd };
  }

  /** A stranger's or a client's further way to the server. */
  newLeg(options: LegOptions): Leg & (UdpLeg | TcpLeg) {
    const seed = this.random.below(2 ** 31);
    const remote = `192.0.2.${1 + this.random.below(250)}:${1024 + this.random.below(60_000)}`;
    const up = { ...LINE, ...options.up, seed };
    if (options.transport === 'tcp') {
      return new TcpLeg(this.ports, remote, up, { ...GOOD_TCP, ...options.tcp, seed: seed + 1 });
    }
    return new UdpLeg(this.ports, remote, up, { ...LINE, ...options.down, seed: seed + 1 });
  }

  /** Everybody leaves; nothing may remain, and no promise may have been broken on the way. */
  end(): void {
    for (const publisher of this.publishers) publisher.leave(this.nowMs);
    for (const viewer of this.viewers) viewer.leave(this.nowMs);
    this.pass(END_MS);
    assert.deepEqual(this.violations.slice(0, 5), []);
    const left = {
      sessions: this.#ufrags.size,
      streams: this.plane.engine.streams.size,
      paths: this.ports.pathCount,
      arenas: this.addon.arenaCount,
      dtls: this.crypto.live.dtls,
      srtp: this.crypto.live.srtp,
      deadline: this.plane.engine.deadlineMs,
    };
    const nothing = { sessions: 0, streams: 0, paths: 0, dtls: 0, srtp: 0 };
    assert.deepEqual(left, { ...nothing, arenas: this.arenasKept, deadline: undefined });
  }

  /** Clocks have a new meaning: the reports that say so need a moment. */
  allowSyncToSettle(): void {
    for (const { eye } of this.viewers) {
      eye.syncFromMs = Math.max(eye.syncFromMs, this.nowMs + this.syncGraceMs);
    }
  }

  #encoder(id: number, options: Partial<EncoderOptions>): Encoder {
    return new Encoder({ id, seed: this.random.below(2 ** 31), ...options });
  }

  #newClient(
    session: string,
    legs: readonly LegOptions[],
    transports: readonly ('udp' | 'tcp')[],
  ): { client: OpenClient; peer: PeerParameters } {
    const crypto = new FakeCrypto(session);
    const localUfrag = `ufrag-${session}`;
    const localPwd = `passwordOf22Bytes-${session}`;
    const ways = legs.map((leg) => this.newLeg(leg));
    const client = new TestClient(
      {
        crypto,
        localUfrag: session,
        localPwd: CLIENT_PWD,
        remoteUfrag: localUfrag,
        remotePwd: localPwd,
        remoteFingerprint: this.crypto.fingerprint,
        dtlsRole: 'client',
        paths: ways.map(({ path }) => path),
        checkIntervalMs: 2500,
        seed: this.random.below(2 ** 31),
      },
      this.nowMs,
    );
    const open = new OpenClient(client, ways);
    const peer = {
      localUfrag,
      localPwd,
      remoteUfrag: session,
      remotePwd: CLIENT_PWD,
      remoteFingerprint: crypto.fingerprint,
      dtlsRole: 'server',
      transports,
    } as const;
    return { client: open, peer };
  }

  addPart(part: Timed): void {
    this.#parts.push(this.#clocked(part));
  }

  /** Moves the world's clock along: what happens in here may ask for the time. */
  #clocked(part: Timed): Timed {
    return {
      get deadlineMs() {
        return part.deadlineMs;
      },
      advance: (nowMs) => {
        this.nowMs = nowMs;
        part.advance(nowMs);
      },
    };
  }

  /** As WakeTimer: fires no later than the earliest deadline it was told. */
  #planeAsPart(): Timed {
    const world = this;
    return this.#clocked({
      get deadlineMs() {
        return world.#wakeMs === Infinity ? undefined : world.#wakeMs;
      },
      advance: (nowMs) => {
        this.#wakeMs = Infinity;
        const next = this.plane.wake(nowMs);
        if (next !== undefined) this.#wakeBy(next);
      },
    });
  }

  #wakeBy(deadlineMs: number): void {
    this.#wakeMs = Math.min(this.#wakeMs, deadlineMs);
  }

  #onMessage(message: FromMedia): void {
    if (message.type === 'opened') {
      assert.equal(message.refused, undefined);
    } else if (message.type === 'stats') {
      this.#stats = message.streams;
    } else if (message.type === 'event') {
      const { event } = message;
      this.events.push({ atMs: this.nowMs, event });
      if (event.type === 'stream-live') this.allowSyncToSettle();
    }
  }

  /** What waits in this process for one viewer is what one batch had over, and its control traffic. */
  #checkBacklogs(): void {
    for (const { socket, path } of this.ports.tcpLegs.values()) {
      if (socket.writableLength <= RUN_BYTES_MAX + CONTROL_BYTES_MAX) continue;
      this.#violate(path.remote, `${socket.writableLength} bytes wait in Node`, this.nowMs);
    }
  }

  #violate(who: string, what: string, nowMs: number): void {
    this.violations.push(`${Math.round(nowMs)} ms, ${who}: ${what}`);
  }
}
