import type { AdmissionPart } from '../../access/facts.ts';
import type { PublishRequest, ViewRequest } from '../../access/request.ts';
import type { StreamName } from '../../base/names.ts';

/** What the owner's own server has said of a session; undefined where it said nothing of it. */
export type AdmissionAnswer = {
  readonly allowed: boolean;
  /** Another stream than was asked for. */
  readonly stream: StreamName | undefined;
  readonly lifetimeMs: number | undefined;
  /** For the log: the client is not told. */
  readonly reason: string | undefined;
};

/** The owner's own server, asked before a session begins and told when it is over. */
export type Admission = {
  /** Whether it has a say in this: not, instead of our keys and rules, or after them. */
  part(request: PublishRequest | ViewRequest): AdmissionPart;
  /** May fail; then nobody is let in. */
  opening(request: PublishRequest | ViewRequest): Promise<AdmissionAnswer>;
  /**
   * Once for each {@link opening} that was answered with yes, and for each of RTMP, when its session is over.
   * @param stream as it was at the end
   */
  closing(request: PublishRequest | ViewRequest, stream: StreamName): void;
};
