/** The way out to one viewer, as the media plane offers it. */
export interface Outlet {
  /** Handle of the session's SRTP keys, for the send table. */
  readonly srtp: number;
  /** TCP: what is handed over arrives, sooner or later, and `writable` tells when there is room again. */
  readonly reliable: boolean;
  /** False while earlier bytes still wait for the path. */
  readonly writable: boolean;
}
