import type { Path } from '../../protocols/ice/path.ts';
import type { Way } from '../send/outlet.ts';

/** A path with a socket behind it. */
export interface IcePath extends Path {
  /** For media: natively, past Node. */
  readonly way: Way;
  /** One packet of control traffic: STUN, DTLS, RTCP. Lost where the path takes no more. */
  write(packet: Uint8Array): void;
}

let nextPathId = 1;

/** Path ids are unique while the process lives. */
export function newPathId(): number {
  return nextPathId++;
}
