/**
 * One way between us and the other side: a UDP 5-tuple or a TCP connection. Made by `media/ice`, compared by
 * identity: whoever holds the same object means the same path.
 */
export type Path = {
  /** Unique while the process lives; for logs. */
  readonly id: number;
  readonly transport: 'udp' | 'tcp';
  /** `192.0.2.1:5000` or `[2001:db8::1]:5000`, never an IPv4-mapped IPv6 address. */
  readonly remote: string;
};
