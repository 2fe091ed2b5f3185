/** In pixels, as shown. */
export type PictureSize = { readonly width: number; readonly height: number };

/** Sides beyond this are nothing that anybody films: the largest levels end at 16384 (H.264) and 8192 by 4320 (others). */
const SIDE_PIXELS_MAX = 16384;

/** Whether a size read from a stream can be one. */
export function isSanePictureSize({ width, height }: PictureSize): boolean {
  return width > 0 && height > 0 && width <= SIDE_PIXELS_MAX && height <= SIDE_PIXELS_MAX;
}
