/** What goes on now, as a plan's beginning: the part of `/api/streams` that it takes. */
import type { Gathering, PlanInput } from './plan.ts';

/** Of a stream, live or awaited. */
export type Measured = {
  readonly publisher: {
    readonly protocol: string;
    readonly video: { readonly bitrateBps: number } | null;
    readonly audio: { readonly bitrateBps: number } | null;
  } | null;
  readonly viewers: readonly unknown[];
};

export type Measurement = {
  readonly gathering: Extract<Gathering, { readonly kind: 'custom' }>;
  readonly media: Pick<PlanInput, 'videoKbps' | 'audioKbps' | 'publish'>;
};

const BPS_PER_KBPS = 1000;

/** Every live publisher is a stream in, every viewer a stream out, at the mean of what goes out. Undefined where nothing is live. */
export function measure(streams: readonly Measured[]): Measurement | undefined {
  const live = streams.filter(({ publisher }) => publisher !== null);
  if (live.length === 0) return undefined;
  const outgoing = live.reduce((sum, { viewers }) => sum + viewers.length, 0);
  const weigh = ({ viewers }: Measured): number => (outgoing > 0 ? viewers.length : 1);
  const weights = outgoing > 0 ? outgoing : live.length;
  const mean = (bitrateOf: (stream: Measured) => number): number =>
    live.reduce((sum, stream) => sum + weigh(stream) * bitrateOf(stream), 0) /
    weights /
    BPS_PER_KBPS;
  return {
    gathering: { kind: 'custom', incoming: live.length, outgoing },
    media: {
      videoKbps: mean(({ publisher }) => publisher?.video?.bitrateBps ?? 0),
      audioKbps: mean(({ publisher }) => publisher?.audio?.bitrateBps ?? 0),
      publish: live.some(({ publisher }) => publisher?.protocol === 'rtmp') ? 'rtmp' : 'whip',
    },
  };
}
