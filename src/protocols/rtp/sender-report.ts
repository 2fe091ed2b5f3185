/** NTP timestamps of RTCP sender reports (RFC 3550 §4): seconds since 1900 as 32.32 fixed point. */

/** Seconds from 1900-01-01 to 1970-01-01. */
const NTP_EPOCH_SECONDS = 2_208_988_800;
const FRACTIONS = 2 ** 32;

/** A 64-bit NTP timestamp in its two halves. */
export type NtpTime = {
  /** Whole seconds since 1900, 32 bits. */
  readonly seconds: number;
  /** 2^-32 of a second, 32 bits. */
  readonly fraction: number;
};

/** NTP time of `unixMs`, which may have a fraction. */
export function msToNtp(unixMs: number): NtpTime {
  const wholeSeconds = Math.floor(unixMs / 1000);
  // Rounding up to a whole second would not fit into 32 bits.
  const fraction = Math.min(
    FRACTIONS - 1,
    Math.round(((unixMs - wholeSeconds * 1000) / 1000) * FRACTIONS),
  );
  return { seconds: (wholeSeconds + NTP_EPOCH_SECONDS) >>> 0, fraction };
}

/**
 * Milliseconds since 1970. Senders need not know the wall clock (RFC 3550 §6.4.1): compare only times of one sender.
 */
export function ntpToMs(ntp: NtpTime): number {
  return (ntp.seconds - NTP_EPOCH_SECONDS) * 1000 + (ntp.fraction / FRACTIONS) * 1000;
}

/** The middle 32 bits, 16.16 seconds, as LSR in a report block (RFC 3550 §6.4.1). */
export function ntpMiddle(ntp: NtpTime): number {
  return (((ntp.seconds & 0xffff) << 16) | (ntp.fraction >>> 16)) >>> 0;
}

/**
 * Round trip from a report block about what we sent: A - LSR - DLSR, where A is now (RFC 3550 §6.4.1). Undefined
 * when the peer has seen no sender report yet, or the figures make no sense.
 */
export function roundTripMs(
  now: NtpTime,
  lastSenderReport: number,
  delaySinceLastSenderReport: number,
): number | undefined {
  if (lastSenderReport === 0) return undefined;
  const ticks = (ntpMiddle(now) - lastSenderReport - delaySinceLastSenderReport) | 0;
  return ticks < 0 ? undefined : (ticks / 65_536) * 1000;
}
