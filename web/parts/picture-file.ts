/** A picture file that somebody chose, made small and plain: what a photo says of where it was taken does not survive it. */

/** What previews and posters show at most. */
const SIDE_MAX = 1920;
/** The server takes 512 kB; the first that fits is sent. */
const BYTES_MAX = 500_000;
const QUALITIES = [0.86, 0.7, 0.5, 0.3];

/** A JPEG of it; undefined where the browser cannot read the file. */
export async function jpegOf(file: Blob): Promise<Blob | undefined> {
  const bitmap = await createImageBitmap(file).catch(() => undefined);
  if (bitmap === undefined) return undefined;
  const scale = Math.min(1, SIDE_MAX / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  canvas.getContext('2d')?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  for (const quality of QUALITIES) {
    const made = await new Promise<Blob | null>((resolve) =>
      canvas.toBlob(resolve, 'image/jpeg', quality),
    );
    if (made !== null && made.size <= BYTES_MAX) return made;
  }
  return undefined;
}
