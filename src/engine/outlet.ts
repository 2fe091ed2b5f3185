/** What the kernel says of a viewer's TCP connection. */
export type TcpFlow = {
  /** What is not confirmed yet. */
  readonly queuedBytes: number;
  /** The rate at which it was of late. */
  readonly deliveryBps: number;
  readonly rttMs: number;
};

/** How much of a picture a TCP path may be given: see protocols/congestion/tcp-backlog.ts. */
export interface Backlog {
  /** Bits a second that the path delivers, where that is too little. */
  readonly thinBps: number | undefined;
  /** Since when nothing has arrived, while something should have. */
  readonly stuckSinceMs: number | undefined;
  room(nowMs: number): number;
  spend(bytes: number): void;
}

/** The way out to one viewer, as the media plane offers it. */
export interface Outlet {
  /** Handle of the session's SRTP keys, for the send table. */
  readonly srtp: number;
  /** TCP: what is handed over arrives, sooner or later, and `writable` tells when there is room again. */
  readonly reliable: boolean;
  /** False while earlier bytes still wait for the path. */
  readonly writable: boolean;
  /** Undefined over UDP, or where the kernel says nothing. */
  tcpFlow?(): TcpFlow | undefined;
  /** Undefined likewise. */
  readonly backlog?: Backlog | undefined;
}
