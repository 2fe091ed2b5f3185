import { randomInt } from 'node:crypto';
import { Socket } from 'node:net';
import { appOf, type StreamName } from '../base/names.ts';
import type { FromMedia, MediaOptions, MediaTuning, PerApp, ToMedia } from '../channel/messages.ts';
import { createNativeCrypto } from '../native/crypto.ts';
import { loadAddon } from '../native/load.ts';
import { socketFd } from '../native/socket-fd.ts';
import { Complaints } from './complaints.ts';
import { DemoPublisher } from './demo.ts';
import { IceRouter } from './ice/router.ts';
import { IceTcpListener } from './ice/tcp-listener.ts';
import { IceUdpPort } from './ice/udp-port.ts';
import { MediaPlane } from './media-plane.ts';
import { Questions } from './questions.ts';
import { RtmpListener } from './rtmp/listener.ts';
import { BatchSender } from './send/batch-sender.ts';
import { TranscoderProcess } from './transcoder.ts';
import { WakeTimer } from './wake-timer.ts';

/** How long goodbyes may take to leave before the thread ends. */
const LINGER_MS = 200;

type Adoption = Extract<ToMedia, { type: 'adopt' }>;

type Sockets = {
  readonly rtmp: RtmpListener | undefined;
  readonly iceTcp: IceTcpListener;
  readonly iceUdp: IceUdpPort;
  readonly onePortUdp: IceUdpPort | undefined;
};

/** The whole media thread: its sockets around the {@link MediaPlane}, and the control plane's wishes carried out. */
export class MediaThread {
  readonly #plane: MediaPlane;
  readonly #send: (message: FromMedia) => void;
  readonly #questions: Questions;
  readonly #complaints: Complaints;
  readonly #transcoder = new TranscoderProcess();
  readonly #timer = new WakeTimer((nowMs) => this.#plane.wake(nowMs));
  readonly #router = new IceRouter();
  readonly #addon = loadAddon();
  readonly #certificate = this.#addon.certificateNew();
  #tuning: MediaTuning;
  #sockets: Sockets | undefined;
  #demo: DemoPublisher | undefined;

  /** Opens all sockets and says `ready`; rejects with the system's error, whose message names the port to change. */
  static async open(
    options: MediaOptions,
    send: (message: FromMedia) => void,
  ): Promise<MediaThread> {
    const thread = new MediaThread(options, send);
    await thread.#open(options);
    return thread;
  }

  private constructor(options: MediaOptions, send: (message: FromMedia) => void) {
    this.#send = send;
    this.#tuning = options.tuning;
    this.#questions = new Questions(send);
    this.#complaints = new Complaints((text, count) =>
      send({ type: 'event', event: { type: 'complaint', text, count } }),
    );
    const sender = new BatchSender(this.#addon);
    this.#plane = new MediaPlane({
      arenas: {
        register: (bytes) => this.#addon.arenaRegister(bytes),
        release: (id) => this.#addon.arenaRelease(id),
      },
      flush: (table) => sender.flush(table),
      crypto: createNativeCrypto(this.#addon, this.#certificate),
      router: this.#router,
      wallOffsetMs: performance.timeOrigin,
      clockMs,
      random: (limit) => randomInt(limit),
      wakeBy: (deadlineMs, nowMs) => this.#timer.wakeBy(deadlineMs, nowMs),
      onBug: (error) => {
        const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
        this.#complaints.add(`internal-error: ${trace}`);
      },
      bFrames: (stream) => ofApp(this.#tuning.bFrames, stream),
      coalescesAudio: (stream) => ofApp(this.#tuning.audioCoalescing, stream),
      send,
    });
  }

  obey(message: ToMedia): void {
    const nowMs = clockMs();
    switch (message.type) {
      case 'open-publisher':
        this.#plane.openPublisher(message, nowMs);
        break;
      case 'open-viewer':
        this.#plane.openViewer(message, nowMs);
        break;
      case 'restart-ice':
        this.#plane.restartIce(message);
        break;
      case 'adopt':
        this.#adopt(message);
        break;
      case 'close':
        if (this.#sockets?.rtmp?.closeSession(message.session, message.reason)) break;
        this.#plane.close(message.session, message.reason, nowMs);
        break;
      case 'decision':
        this.#questions.answer(message.request, message.decision);
        break;
      case 'stats':
        this.#plane.sendStats(message.request, nowMs);
        break;
      case 'publisher':
        this.#plane.sendPublisher(message.request, message.stream, nowMs);
        break;
      case 'tune':
        this.#tuning = message.tuning;
        break;
      case 'keyframe':
        this.#plane.sendKeyframe(message.request, message.stream);
        break;
      case 'stop':
        this.#stop(nowMs);
        break;
      default:
        message satisfies never;
    }
  }

  async #open(options: MediaOptions): Promise<void> {
    const { rtmp, iceTcp, iceUdp, onePortUdp } = options;
    const common = {
      router: this.#router,
      addon: this.#addon,
      complain: (text: string) => this.#complaints.add(text),
      clockMs,
    };
    const warnings: string[] = [];
    const sockets: Sockets = {
      iceTcp: await opening('ICE over TCP', iceTcp, IceTcpListener.open({ ...common, ...iceTcp })),
      iceUdp: await opening('ICE over UDP', iceUdp, IceUdpPort.open({ ...common, ...iceUdp })),
      onePortUdp:
        onePortUdp &&
        (await opening(
          'The one port over UDP',
          onePortUdp,
          IceUdpPort.open({ ...common, ...onePortUdp }),
        ).catch((error: Error) => {
          warnings.push(error.message);
          return undefined;
        })),
      rtmp: rtmp && (await opening('RTMP', rtmp, this.#openRtmp(rtmp))),
    };
    this.#sockets = sockets;
    this.#send({
      type: 'ready',
      fingerprint: this.#certificate.fingerprint,
      ports: {
        rtmp: sockets.rtmp?.port ?? 0,
        iceTcp: sockets.iceTcp.port,
        iceUdp: sockets.iceUdp.port,
        onePortUdp: sockets.onePortUdp?.port,
      },
      warnings,
    });
    if (options.demo) this.#startDemo(options.demo);
  }

  #adopt({ protocol, fd, head, remote }: Adoption): void {
    const listener = protocol === 'rtmp' ? this.#sockets?.rtmp : this.#sockets?.iceTcp;
    try {
      const socket = openDescriptor(fd, head);
      if (listener) listener.adopt(socket, remote);
      else socket.destroy();
    } catch (error) {
      // Whatever a peer does to a connection on its way here costs that one alone.
      this.#complaints.add(`internal-error: a connection was lost: ${(error as Error).stack}`);
    }
  }

  #openRtmp(at: { readonly address: string; readonly port: number }): Promise<RtmpListener> {
    return RtmpListener.open({
      ...at,
      opusBitrateBps: () => this.#tuning.opusBitrateBps,
      bFrames: (stream) => ofApp(this.#tuning.bFrames, stream),
      authorise: (question) => this.#questions.authorise(question),
      onAskerGone: (session) => this.#send({ type: 'asker-gone', session }),
      publish: (stream, session, source, listener, nowMs) =>
        this.#plane.publish(stream, { ...source, session }, listener, nowMs),
      createTranscoder: this.#transcoder.open,
      complain: (text) => this.#complaints.add(text),
      rttMs: (socket) => {
        const state = socket.destroyed ? undefined : this.#addon.tcpInfo(socketFd(socket));
        return state && state.rttUs / 1000;
      },
      clockMs,
    });
  }

  #startDemo(name: StreamName): void {
    this.#demo = new DemoPublisher(
      name,
      (name, options, listener, nowMs) => this.#plane.publish(name, options, listener, nowMs),
      clockMs(),
    );
  }

  #stop(nowMs: number): void {
    this.#demo?.close('server-stopping', nowMs);
    this.#plane.stop(nowMs);
    this.#transcoder.close();
    const closed = this.#sockets?.rtmp?.close('server-stopping');
    const linger = new Promise((resolve) => setTimeout(resolve, LINGER_MS));
    void Promise.all([closed, linger]).then(() => {
      this.#timer.stop();
      this.#sockets?.iceTcp.close();
      this.#sockets?.iceUdp.close();
      this.#sockets?.onePortUdp?.close();
      this.#send({ type: 'stopped' });
    });
  }
}

/** A connection by its descriptor, as if what was read of it already came now. */
function openDescriptor(fd: number, head: Uint8Array): Socket {
  const socket = new Socket({ fd });
  if (head.length > 0) socket.unshift(head);
  return socket.setNoDelay(true);
}

function ofApp<Value>({ initial, apps }: PerApp<Value>, stream: StreamName): Value {
  return apps.get(appOf(stream)) ?? initial;
}

/** The thread's clock: monotonic ms, read once per event. */
function clockMs(): number {
  return performance.now();
}

/** Says in one line which port it was, and what to do. */
async function opening<Opened>(
  what: string,
  at: { readonly address: string; readonly port: number },
  opened: Promise<Opened>,
): Promise<Opened> {
  try {
    return await opened;
  } catch (error) {
    const { code = 'internal-error', message } = error as NodeJS.ErrnoException;
    const remedy = remedies[code] ?? message;
    throw Object.assign(
      new Error(`${what} cannot use port ${at.port} on ${at.address}: ${remedy}`),
      {
        code,
      },
    );
  }
}

const remedies: Readonly<Record<string, string>> = {
  EADDRINUSE:
    'another program has it. Stop that program, or choose another port in the configuration.',
  EACCES:
    'this user may not open ports below 1024. Allow it with sysctl net.ipv4.ip_unprivileged_port_start=80, or choose a port from 1024 up in the configuration.',
  EADDRNOTAVAIL: 'this machine has no such address. Correct the address in the configuration.',
};
