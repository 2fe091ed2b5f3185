/** What the one port lets in besides HTTPS; that over UDP is the media thread's own. */
export const GUESTS = ['rtmps', 'rtmp', 'ice-tcp', 'ice-udp'] as const;
export type Guest = (typeof GUESTS)[number];
