import type { SourceTarget } from '../source/main.ts';
import type { ViewTarget } from '../swarm/main.ts';

/** A server under test, started by the tool on its own core. */
export interface Server {
  readonly name: string;
  readonly version: string;
  /** Its children count too. */
  readonly pid: number;
  publishTarget(stream: number): SourceTarget;
  /** The page that shows the stream; empty where there is none. */
  pageUrl(stream: number): string;
  viewTarget(stream: number): ViewTarget;
  /** The end of its own log, for when a run fails. */
  readonly logTail: string;
  stop(): Promise<void>;
}
