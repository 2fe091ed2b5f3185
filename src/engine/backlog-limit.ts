import type { TcpFlow } from './outlet.ts';

/** How far a viewer over TCP may be behind live before its path counts as too thin. */
const LAG_MS_MAX = 300;
const LONG_LAG_MS = 600;
/** The same for what is on its way already, beyond the path's own round trip. */
const QUEUE_MS_MAX = 400;
/** Of what gets through, a layer may take so much: the backlog must shrink. */
const SHARE = 0.9;

/** What a TCP path carries, as far as it has shown a limit: TCP itself says what it delivers. */
export class BacklogLimit {
  limitBps: number | undefined;

  /**
   * @param lagMs media that waits for the socket
   * @param flow what the kernel says; undefined where it says nothing
   * @param rates what the socket took over the last seconds, and what the layer in use takes
   */
  update(
    lagMs: number,
    flow: TcpFlow | undefined,
    { sentBps, needBps }: { readonly sentBps: number; readonly needBps: number | undefined },
  ): void {
    const carriedBps = flow?.deliveryBps ?? sentBps;
    const queueMs = flow ? (flow.queuedBytes * 8000) / Math.max(1, carriedBps) - flow.rttMs : 0;
    if (lagMs > LAG_MS_MAX || queueMs > QUEUE_MS_MAX) {
      // A rate that was measured before the path narrowed says nothing any more: it is not enough, whatever it is.
      const leastBps = Math.min(carriedBps, sentBps, needBps ?? Number.POSITIVE_INFINITY);
      const bps = SHARE * (lagMs > LONG_LAG_MS ? leastBps : carriedBps);
      this.limitBps = Math.min(this.limitBps ?? Number.POSITIVE_INFINITY, bps);
    } else if (this.limitBps !== undefined && flow && flow.deliveryBps > this.limitBps) {
      this.limitBps = flow.deliveryBps;
    }
  }

  /** Tries again at this rate. */
  retry(bitrateBps: number): void {
    this.limitBps = bitrateBps;
  }
}
