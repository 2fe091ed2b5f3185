/** One stream's health, for producers and guests alike: who publishes it, and the doctor's verdict. */
import type { Health, HealthFacts } from '../api/health.ts';
import type { PublisherInfo } from '../api/streams.ts';
import type { StreamName } from '../base/names.ts';
import type { Wish } from '../doctor/subject.ts';
import { verdictOf } from '../doctor/verdict.ts';
import type { MediaGate } from './signalling.ts';

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
