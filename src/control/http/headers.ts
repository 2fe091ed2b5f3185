/** Headers that keep browsers from doing what our pages never need. */

/** On every answer. */
export const EVERYWHERE = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
} as const;

/** Our own pages run our own files, and talk to this server only. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "media-src 'self' blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
];

/** Of our pages: no other site may show them in a frame. */
export const HOME_POLICY = [...POLICY, "frame-ancestors 'none'"].join('; ');
/** Of pages for other sites' frames: those that the app lets show its streams. */
export function embedPolicy(origins: readonly string[]): string {
  return [...POLICY, `frame-ancestors 'self' ${origins.join(' ')}`.trimEnd()].join('; ');
}

/** Of watch pages: in frames of sites that were named. That any site may embed is not meant for this page. */
export function watchPolicy(origins: readonly string[]): string {
  return embedPolicy(origins.filter((origin) => origin !== '*'));
}
