import { BacklogLimit } from './backlog-limit.ts';
import { LayerChoice, type LayerPath } from './layer-choice.ts';
import { LayerProbe } from './layer-probe.ts';
import type { Layers } from './layers.ts';
import type { Outlet } from './outlet.ts';
import type { Pacer } from './pacer.ts';
import type { Track } from './track.ts';
import type { TrackSender } from './track-sender.ts';

/** What the kernel says of a TCP path is asked for no more often. */
const LOOK_MS = 200;
/** A path that is tried with a better layer is believed to carry it, until it shows. */
const TRIED_SHARE = 1.3;

/** What is asked of the viewer that this is about. */
export type LayeredViewer = {
  readonly audio: TrackSender | undefined;
  readonly pacer: Pacer;
  readonly bytes: { perSecond(nowMs: number): number };
};

/** One viewer of a simulcast stream: looks at its path and has its sender follow the layer that it carries. */
export class ViewerLayers {
  readonly probe = new LayerProbe();
  readonly #viewer: LayeredViewer;
  readonly #sender: TrackSender;
  readonly #choice = new LayerChoice();
  readonly #backlog = new BacklogLimit();
  #nextLookMs = 0;
  /** The layer that ended while it was in use. */
  #missed: Track | undefined;

  constructor(viewer: LayeredViewer, sender: TrackSender) {
    this.#viewer = viewer;
    this.#sender = sender;
  }

  /** @returns the layer that a keyframe is needed of, if any */
  choose(layers: Layers, outlet: Outlet, nowMs: number): Track | undefined {
    const sender = this.#sender;
    const ladder = layers.ladder.filter((track) => sender.accepts(track));
    if (ladder.length === 0) return undefined;
    const soundBps = 8 * (this.#viewer.audio?.track.bytesPerSecond(nowMs) ?? 0);
    const needsBps = ladder.map((track) => {
      const needBps = layers.needBps(track, nowMs);
      return needBps === undefined ? undefined : needBps + soundBps;
    });
    const current = ladder.indexOf(this.#inUse(layers));
    const path = this.#look(outlet, needsBps[current], nowMs);
    const index = this.#choice.choose(needsBps, current, path, nowMs);
    this.#follow(ladder, index, current, outlet, nowMs);
    if (index < current) {
      this.probe.onTrouble(nowMs);
      this.#missed = undefined;
    } else if (index > current && current >= 0 && path.mustTry)
      this.#trust(outlet, needsBps[index]);
    this.#tryPath(outlet, needsBps, index, nowMs);
    return sender.awaited;
  }

  /** A layer that fell silent is in use again when it goes on: encoders leave out pictures, too. */
  #inUse(layers: Layers): Track {
    const { track, target = track } = this.#sender;
    const missed = this.#missed;
    if (missed && layers.isFlowing(missed)) {
      this.#missed = undefined;
      return missed;
    }
    if (!layers.isFlowing(target)) this.#missed ??= target;
    return target;
  }

  #follow(
    ladder: readonly Track[],
    index: number,
    current: number,
    outlet: Outlet,
    nowMs: number,
  ): void {
    const sender = this.#sender;
    if (sender.place !== 'gated' && sender.packets > 0) {
      const chosen = ladder[index];
      const isUrgent = index < current || !ladder.includes(sender.track);
      if (chosen) sender.switchTo(chosen, isUrgent || this.#isDown(ladder, index), nowMs);
      return;
    }
    // Nothing is on the screen yet, or it stands still: what can be shown first.
    const pacer = outlet.reliable ? undefined : this.#viewer.pacer;
    const fitting = ladder.slice(0, index + 1);
    const first =
      fitting.findLast((track) => sender.canStartFrom(track, pacer, nowMs)) ??
      fitting.findLast(({ runStart }) => runStart !== undefined) ??
      ladder.find(({ runStart }) => runStart !== undefined) ??
      ladder[index];
    if (first) sender.turnTo(first);
  }

  /** Whether the layer on the screen is a better one than what it is to be. */
  #isDown(ladder: readonly Track[], index: number): boolean {
    return ladder.indexOf(this.#sender.track) > index;
  }

  #look(outlet: Outlet, needBps: number | undefined, nowMs: number): LayerPath {
    const { pacer, bytes } = this.#viewer;
    const sender = this.#sender;
    if (!outlet.reliable) {
      const canProbe = sender.retransmitter !== undefined && pacer.extensionId !== undefined;
      return { limitBps: pacer.limitBps(nowMs), mustTry: !canProbe };
    }
    if (nowMs >= this.#nextLookMs) {
      this.#nextLookMs = nowMs + LOOK_MS;
      const lagMs = sender.place === 'burst' ? sender.burstMs(nowMs) : sender.lagMs;
      this.#backlog.update(outlet.tcpFlow?.(), {
        lagMs: sender.isHeldBack ? Number.POSITIVE_INFINITY : lagMs,
        sentBps: 8 * bytes.perSecond(nowMs),
        needBps: needBps ?? Number.POSITIVE_INFINITY,
        thinBps: outlet.backlog && (outlet.backlog.thinBps ?? Number.POSITIVE_INFINITY),
      });
    }
    return { limitBps: this.#backlog.limitBps, mustTry: true };
  }

  /** Where trying alone tells, what is known of the path must not stand against it. */
  #trust(outlet: Outlet, needBps: number | undefined): void {
    const { estimate } = this.#viewer.pacer;
    const limitBps = outlet.reliable ? this.#backlog.limitBps : estimate.bitrateBps;
    if (needBps === undefined || limitBps === undefined || limitBps >= needBps) return;
    (outlet.reliable ? this.#backlog : estimate).retry(TRIED_SHARE * needBps);
  }

  #tryPath(
    outlet: Outlet,
    needsBps: readonly (number | undefined)[],
    index: number,
    nowMs: number,
  ): void {
    if (outlet.reliable || this.#sender.target) return;
    const { pacer } = this.#viewer;
    const { deliveredBps, loss, overuses } = pacer.estimate;
    const path = { limitBps: pacer.limitBps(nowMs), deliveredBps, loss, overuses };
    this.probe.update(needsBps[index] ?? 0, needsBps[index + 1], path, nowMs);
  }
}
