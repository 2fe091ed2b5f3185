import type { TcpFlow } from './outlet.ts';

/** How far a viewer over TCP may be behind live before its path counts as too thin. */
const LAG_MS_MAX = 300;
const LONG_LAG_MS = 600;
/** Where the path is known to be thin less is enough. */
const THIN_LAG_MS_MAX = 150;
/** The same for what is on its way already, beyond the path's own round trip. */
const QUEUE_MS_MAX = 400;
/** Of what gets through, a layer may take so much: the backlog must shrink. */
const SHARE = 0.9;

/** How a viewer fares over TCP; rates in bits a second. */
export type TcpState = {
  /** Media that waits for the socket. */
  readonly lagMs: number;
  /** What the socket took over the last seconds. */
  readonly sentBps: number;
  /** What the layer in use and the sound take. */
  readonly needBps: number;
  /** What the path delivers while that is too little: Infinity while it is not, undefined where nobody measures it. */
  readonly thinBps: number | undefined;
};

/**
 * What a TCP path carries, once it has shown a limit. That it carries more does not show: what TCP delivers is then no
 * more than what it is given.
 */
export class BacklogLimit {
  limitBps: number | undefined;

  /** @param flow what the kernel says; undefined where it says nothing */
  update(flow: TcpFlow | undefined, { lagMs, sentBps, needBps, thinBps }: TcpState): void {
    const carriedBps = flow?.deliveryBps ?? sentBps;
    const queueMs = flow ? (flow.queuedBytes * 8000) / Math.max(1, carriedBps) - flow.rttMs : 0;
    if (thinBps !== undefined && (thinBps < Number.POSITIVE_INFINITY || lagMs < LONG_LAG_MS)) {
      // Measured while it was full. What comes after that is not, and goes without a backlog.
      if (lagMs > THIN_LAG_MS_MAX && thinBps < needBps) this.limitBps = SHARE * thinBps;
    } else if (lagMs > LAG_MS_MAX || queueMs > QUEUE_MS_MAX) {
      // A rate that was measured before the path narrowed says nothing any more: it is not enough, whatever it is.
      const leastBps = lagMs > LONG_LAG_MS ? Math.min(carriedBps, sentBps, needBps) : carriedBps;
      this.limitBps = Math.min(this.limitBps ?? Number.POSITIVE_INFINITY, SHARE * leastBps);
    }
  }

  /** Tries again at this rate. */
  retry(bitrateBps: number): void {
    this.limitBps = bitrateBps;
  }
}
