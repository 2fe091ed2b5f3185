/** Which program publishes, from how it calls itself: remedies name its own boxes. */

/** Programs whose settings we know our way around. */
export type EncoderKind = 'obs' | 'ffmpeg' | 'gstreamer' | 'browser' | 'other';

/** What publishes. */
export type EncoderProgram = {
  readonly kind: EncoderKind;
  /** For people: `OBS`, `Chrome`. */
  readonly name: string;
  readonly version: string | undefined;
};

type Pattern = {
  readonly kind: EncoderKind;
  readonly name: string;
  /** The first group is the version. */
  readonly pattern: RegExp;
};

/** What a version may be made of: it is text of a stranger's. */
const VERSION = '(\\d[\\w.+-]{0,31})';

/** In order: OBS calls itself Mozilla, Edge calls itself Chrome, and Chrome calls itself Safari. */
const PATTERNS: readonly Pattern[] = [
  { kind: 'obs', name: 'OBS', pattern: new RegExp(`OBS-Studio/${VERSION}`, 'i') },
  { kind: 'obs', name: 'OBS', pattern: new RegExp(`libobs version ${VERSION}`, 'i') },
  { kind: 'obs', name: 'OBS', pattern: /obs-output module|^OBS\b/i },
  { kind: 'ffmpeg', name: 'FFmpeg', pattern: new RegExp(`Lavf/?${VERSION}`, 'i') },
  {
    kind: 'gstreamer',
    name: 'GStreamer',
    pattern: new RegExp(`GStreamer(?:[ /]${VERSION})?`, 'i'),
  },
  { kind: 'browser', name: 'Edge', pattern: new RegExp(`Edg(?:A|iOS)?/${VERSION}`) },
  { kind: 'browser', name: 'Opera', pattern: new RegExp(`OPR/${VERSION}`) },
  { kind: 'browser', name: 'Firefox', pattern: new RegExp(`(?:Firefox|FxiOS)/${VERSION}`) },
  {
    kind: 'browser',
    name: 'Chrome',
    pattern: new RegExp(`(?:Chrome|HeadlessChrome|CriOS)/${VERSION}`),
  },
  { kind: 'browser', name: 'Safari', pattern: new RegExp(`Version/${VERSION}.* Safari/`) },
];

/** OBS by RTMP before its metadata, and everything that copies it. */
const UNKNOWN: EncoderProgram = { kind: 'other', name: 'an unknown program', version: undefined };

/** FFmpeg tells its library's version, whose first number runs ahead of its own: libavformat 58 is FFmpeg 4. */
const LIBRARY_AHEAD = 54;
const LIBRARY_MIN = 58;

/** As its users know it: `OBS 32.2.2` (and not how it was packed), `Chrome 142`, `FFmpeg 7`. */
function versionOf(kind: EncoderKind, version: string | undefined): string | undefined {
  if (kind === 'ffmpeg') return ofLibrary(version);
  return version?.split(kind === 'browser' ? '.' : /[+-]/)[0];
}

function ofLibrary(version = ''): string | undefined {
  const major = Number.parseInt(version, 10);
  return major >= LIBRARY_MIN ? String(major - LIBRARY_AHEAD) : undefined;
}

/** @param userAgent an HTTP header of WHIP, or what RTMP's `flashVer` and `encoder` say; a stranger's words */
export function encoderProgram(userAgent: string | undefined): EncoderProgram {
  if (userAgent === undefined) return UNKNOWN;
  for (const { kind, name, pattern } of PATTERNS) {
    const found = pattern.exec(userAgent);
    if (found) return { kind, name, version: versionOf(kind, found[1]) };
  }
  return UNKNOWN;
}
