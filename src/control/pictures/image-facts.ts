/** What an uploaded file truly is, by its own first bytes: nothing but pictures is kept, whatever a sender calls them. */

export type ImageFacts = {
  readonly type: 'image/jpeg' | 'image/png' | 'image/webp';
  readonly width: number;
  readonly height: number;
};

/** Sides beyond this are no preview, and cost whoever shows them hundreds of megabytes. */
const SIDE_PIXELS_MAX = 4096;
/** Segments ahead of the frame header: cameras write a dozen. */
const SEGMENTS_MAX = 200;

/** Undefined where it is no JPEG, PNG or WebP, or one of an impossible size. */
export function imageFactsOf(bytes: Uint8Array): ImageFacts | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const found = jpeg(view) ?? png(view) ?? webp(view);
  if (found === undefined) return undefined;
  const { width, height } = found;
  const isSane = [width, height].every((side) => side > 0 && side <= SIDE_PIXELS_MAX);
  return isSane ? found : undefined;
}

/** ITU T.81 §B.1.1.2: segments, of which one begins the frame and tells its size. */
function jpeg(view: DataView): ImageFacts | undefined {
  if (!startsWith(view, [0xff, 0xd8, 0xff])) return undefined;
  let at = 2;
  for (let segment = 0; segment < SEGMENTS_MAX && at + 9 <= view.byteLength; segment++) {
    if (view.getUint8(at) !== 0xff) return undefined;
    const marker = view.getUint8(at + 1);
    if (isFrameHeader(marker)) {
      return { type: 'image/jpeg', width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    }
    at += 2 + view.getUint16(at + 2);
  }
  return undefined;
}

/** SOF0 to SOF15, but the three numbers among them that mean something else (table B.1). */
function isFrameHeader(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}

/** The signature, and IHDR as the first chunk (PNG §5.2, §11.2.1). */
function png(view: DataView): ImageFacts | undefined {
  const start = [
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52,
  ];
  if (!startsWith(view, start) || view.byteLength < 33) return undefined;
  return { type: 'image/png', width: view.getUint32(16), height: view.getUint32(20) };
}

/** RFC 9649 §2.4 to §2.7. */
function webp(view: DataView): ImageFacts | undefined {
  if (!startsWith(view, [0x52, 0x49, 0x46, 0x46]) || view.byteLength < 30) return undefined;
  if (word(view, 8) !== 'WEBP') return undefined;
  const size = webpSize(view, word(view, 12));
  return size && { type: 'image/webp', ...size };
}

function webpSize(view: DataView, chunk: string): { width: number; height: number } | undefined {
  const sizeMask = 0x3fff;
  if (chunk === 'VP8 ') {
    return {
      width: view.getUint16(26, true) & sizeMask,
      height: view.getUint16(28, true) & sizeMask,
    };
  }
  if (chunk === 'VP8L') {
    const bits = view.getUint32(21, true);
    return { width: (bits & sizeMask) + 1, height: ((bits >> 14) & sizeMask) + 1 };
  }
  if (chunk !== 'VP8X') return undefined;
  const side = (at: number) => view.getUint16(at, true) + view.getUint8(at + 2) * 0x10000 + 1;
  return { width: side(24), height: side(27) };
}

function startsWith(view: DataView, start: readonly number[]): boolean {
  return view.byteLength >= start.length && start.every((byte, at) => view.getUint8(at) === byte);
}

function word(view: DataView, at: number): string {
  return String.fromCharCode(...[0, 1, 2, 3].map((offset) => view.getUint8(at + offset)));
}
