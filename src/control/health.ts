/** One stream's health, for producers and guests alike: who publishes it, and the doctor's verdict. */
import * as v from 'valibot';
import type { Health, HealthFacts } from '../api/health.ts';
import type { PublisherInfo } from '../api/streams.ts';
import type { StreamName } from '../base/names.ts';
import type { Wish } from '../doctor/subject.ts';
import { verdictOf } from '../doctor/verdict.ts';
import type { MediaGate } from './signalling.ts';

/** As a query says what was agreed on; whole numbers. */
export const wishQuery = {
  bitrate: number('bits a second of the picture'),
  width: number('pixels'),
  height: number('pixels'),
  fps: number('pictures a second'),
} as const;

function number(what: string) {
  return v.optional(v.pipe(v.string(), v.regex(/^[1-9]\d{0,8}$/, what), v.transform(Number)));
}

export function wishOf(query: {
  readonly bitrate?: number | undefined;
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  readonly fps?: number | undefined;
}): Wish {
  const { bitrate, width, height, fps } = query;
  return { videoBps: bitrate, width, height, fps };
}

/** @param wish what was agreed on with who publishes, if anything was */
export async function healthOf(
  media: Pick<MediaGate, 'publisher'>,
  stream: StreamName,
  wish: Wish | undefined,
  nowMs: number,
): Promise<Health> {
  const publisher = await media.publisher(stream);
  const facts = publisher === null ? null : factsOf(publisher);
  const measured = new Date(nowMs).toISOString();
  return { stream, measured, verdict: verdictOf(facts, wish, nowMs), facts };
}

/** Without what could end the session, or tell where it comes from. */
function factsOf({ session, address, ...facts }: PublisherInfo): HealthFacts {
  return facts;
}
