/**
 * All that the two planes say to each other: plain data over one MessagePort.
 * The control plane knows HTTP, SDP and who may; the media plane knows sockets, peers and streams.
 */
import type { PublisherInfo, StreamInfo } from '../api/streams.ts';
import type { FindingCode, Severity } from '../base/findings.ts';
import type { StreamName } from '../base/names.ts';
import type { CloseReason, DenialReason } from '../base/reasons.ts';
import type { PeerParameters, ReceiveTrack, SendTrack, VideoCodec } from '../base/session.ts';

/** Names one session in both planes; random, 128 bits, base64url. */
export type SessionId = string;

/** What becomes of pictures that are shown in another order than they are sent. */
export type BFramePolicy = 'drop' | 'pass' | 'refuse';

export type {
  Codec,
  PeerParameters,
  ReceiveTrack,
  SendTrack,
  Transport,
  VideoCodec,
} from '../base/session.ts';

/** Where a client is, and what it calls itself. */
export type Client = {
  readonly address: string;
  /** Of its end of the connection. */
  readonly port: number;
  readonly userAgent: string | undefined;
  /** The proxy that brought it, where one did: `port` is of the proxy's connection then. */
  readonly proxy?: string;
};

/** What the media thread speaks itself on connections that the control plane accepted. */
export type AdoptedProtocol = 'ice-tcp' | 'rtmp';

/** The other end of a connection, as it was seen from outside: behind TLS the descriptor does not tell. */
export type RemoteEnd = { readonly address: string; readonly port: number };

/** An encoder asks to publish by RTMP, and with what. The secrets are compared and forgotten, never logged. */
export type PublishQuestion = {
  /** What it will be, once it is let in. */
  readonly session: SessionId;
  readonly stream: StreamName;
  /** Secret. */
  readonly credential: string | undefined;
  /** Secret: tcUrl and what it gave as the stream's name, with all parameters, as it came. */
  readonly url: string;
  readonly client: Client;
};

/** What came of asking whether somebody may. */
export type AccessDecision =
  | {
      readonly allowed: true;
      /** What it gets: mostly what it asked for. */
      readonly stream: StreamName;
      /** For so long; undefined for as long as it likes. */
      readonly lifetimeMs: number | undefined;
    }
  | {
      readonly allowed: false;
      readonly reason: DenialReason;
      /** For who asked. */
      readonly message: string;
      /** When it is worth to ask again. */
      readonly retryAfterS: number | undefined;
    };

export type ToMedia =
  | {
      readonly type: 'open-publisher';
      readonly session: SessionId;
      readonly stream: StreamName;
      readonly userAgent: string | undefined;
      /** Where the session was asked for from. */
      readonly address: string;
      readonly peer: PeerParameters;
      readonly tracks: readonly ReceiveTrack[];
    }
  | {
      readonly type: 'open-viewer';
      readonly session: SessionId;
      readonly stream: StreamName;
      readonly protocol: 'whep' | 'ovenplayer';
      readonly address: string;
      readonly peer: PeerParameters;
      readonly tracks: readonly SendTrack[];
    }
  /** WHEP or WHIP PATCH with new ICE credentials (RFC 9725 §4.3.2). */
  | {
      readonly type: 'restart-ice';
      readonly session: SessionId;
      readonly localUfrag: string;
      readonly localPwd: string;
      readonly remoteUfrag: string;
      readonly remotePwd: string;
    }
  /** A connection that came in by the one port: the descriptor is the media thread's from here on. */
  | {
      readonly type: 'adopt';
      readonly protocol: AdoptedProtocol;
      readonly fd: number;
      /** What was read of it already. */
      readonly head: Uint8Array;
      readonly remote: RemoteEnd;
    }
  | { readonly type: 'close'; readonly session: SessionId; readonly reason: CloseReason }
  | { readonly type: 'decision'; readonly request: number; readonly decision: AccessDecision }
  | { readonly type: 'stats'; readonly request: number }
  /** Of one stream, who publishes it: asked for each second by each page that shows it. */
  | { readonly type: 'publisher'; readonly request: number; readonly stream: StreamName }
  /** From the next publisher on. */
  | { readonly type: 'tune'; readonly tuning: MediaTuning }
  /** The newest keyframe of a stream. */
  | { readonly type: 'keyframe'; readonly request: number; readonly stream: StreamName }
  | { readonly type: 'stop' };

export type MediaEvent =
  | {
      readonly type: 'stream-live';
      readonly stream: StreamName;
      readonly session: SessionId;
      readonly protocol: 'rtmp' | 'whip' | 'demo';
    }
  /** Comes before a stream is live with video, and when its codec changes: what viewers must be able to decode. */
  | { readonly type: 'stream-video'; readonly stream: StreamName; readonly codec: VideoCodec }
  | { readonly type: 'stream-ended'; readonly stream: StreamName; readonly reason: CloseReason }
  | {
      readonly type: 'session-ended';
      readonly session: SessionId;
      readonly role: 'publisher' | 'viewer';
      readonly stream: StreamName;
      readonly reason: CloseReason;
    }
  | {
      readonly type: 'session-connected';
      readonly session: SessionId;
      readonly role: 'publisher' | 'viewer';
      readonly stream: StreamName;
      readonly transport: string;
    }
  | {
      readonly type: 'finding';
      readonly stream: StreamName;
      readonly session: SessionId;
      readonly code: FindingCode;
      readonly severity: Severity;
      /** It was said before, and is so no longer. */
      readonly isOver: boolean;
      readonly message: string;
    }
  /** A rate-limited complaint: what went wrong, and how often since it was last said. */
  | { readonly type: 'complaint'; readonly text: string; readonly count: number };

/** RTP payloads of one picture that a decoder can start from. */
export type KeyframePayloads = {
  readonly codec: VideoCodec;
  readonly payloads: readonly Uint8Array[];
};

export type FromMedia =
  | {
      readonly type: 'ready';
      /** SHA-256 of the certificate that all our peers use. */
      readonly fingerprint: Uint8Array;
      /** As bound: differs from the configuration where that said port 0. */
      readonly ports: {
        readonly rtmp: number;
        readonly iceTcp: number;
        readonly iceUdp: number;
        /** Undefined where there is none. */
        readonly onePortUdp: number | undefined;
      };
      /** What does not work of that which the rest can do without; for the operator. */
      readonly warnings: readonly string[];
    }
  | { readonly type: 'failed'; readonly code: string; readonly message: string }
  /** Answer to open-publisher and open-viewer. */
  | {
      readonly type: 'opened';
      readonly session: SessionId;
      readonly refused: CloseReason | undefined;
    }
  | { readonly type: 'authorise'; readonly request: number; readonly question: PublishQuestion }
  /** The connection that asked is gone: once for each question, whatever the answer was. */
  | { readonly type: 'asker-gone'; readonly session: SessionId }
  | { readonly type: 'stats'; readonly request: number; readonly streams: readonly StreamInfo[] }
  | {
      readonly type: 'publisher';
      readonly request: number;
      readonly publisher: PublisherInfo | null;
    }
  | {
      readonly type: 'keyframe';
      readonly request: number;
      /** Undefined where there is none now. */
      readonly keyframe: KeyframePayloads | undefined;
    }
  /** What a stream showed at its end; comes before its `stream-ended`, where there was a picture. */
  | {
      readonly type: 'last-keyframe';
      readonly stream: StreamName;
      readonly keyframe: KeyframePayloads;
    }
  | { readonly type: 'event'; readonly event: MediaEvent }
  | { readonly type: 'stopped' };

/** How the media of publishers is treated, as configured. Who publishes already keeps what held when he came. */
export type MediaTuning = {
  /** Bits a second of the Opus that AAC becomes. */
  readonly opusBitrateBps: number;
  /** What becomes of B-frames. */
  readonly bFrames: PerApp<BFramePolicy>;
  /** Whether sound waits up to a frame time for the picture. */
  readonly audioCoalescing: PerApp<boolean>;
};

/** A setting of the apps that are listed, and of the others. */
export type PerApp<Value> = {
  readonly initial: Value;
  readonly apps: ReadonlyMap<string, Value>;
};

/** What the media thread is started with (workerData). */
export type MediaOptions = {
  readonly rtmp: { readonly address: string; readonly port: number } | undefined;
  readonly iceTcp: { readonly address: string; readonly port: number };
  readonly iceUdp: { readonly address: string; readonly port: number };
  /** A second UDP port, with the number of the one port. */
  readonly onePortUdp: { readonly address: string; readonly port: number } | undefined;
  readonly tuning: MediaTuning;
  /** Publishes the bundled clip under this name. */
  readonly demo: StreamName | undefined;
};
