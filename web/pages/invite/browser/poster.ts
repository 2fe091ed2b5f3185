/** A picture of what goes out, for previews of links: browsers can make a JPEG, the server cannot without decoding. */

/** When exposure and focus have settled. */
const FIRST_MS = 6_000;
const AGAIN_MS = 5 * 60_000;
/** What previews show at most; the server takes 512 kB. */
const WIDTH_MAX = 1280;
const QUALITY = 0.8;

/** Sends one now and then, until the returned function is called. */
export function sendPosters(video: HTMLVideoElement, stream: string): () => void {
  const send = () => void sendPoster(video, stream);
  const first = window.setTimeout(send, FIRST_MS);
  const again = window.setInterval(send, AGAIN_MS);
  return () => {
    window.clearTimeout(first);
    window.clearInterval(again);
  };
}

async function sendPoster(video: HTMLVideoElement, stream: string): Promise<void> {
  const picture = await pictureOf(video);
  if (picture === null) return;
  // Without one a preview has no picture: nothing that its guest would have to know of.
  await fetch(`/api/guest/poster?slot=${encodeURIComponent(stream)}`, {
    method: 'POST',
    headers: { 'Content-Type': 'image/jpeg' },
    body: picture,
  }).catch(() => undefined);
}

async function pictureOf(video: HTMLVideoElement): Promise<Blob | null> {
  const { videoWidth, videoHeight } = video;
  if (videoWidth === 0) return null;
  const scale = Math.min(1, WIDTH_MAX / videoWidth);
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(videoWidth * scale);
  canvas.height = Math.round(videoHeight * scale);
  canvas.getContext('2d')?.drawImage(video, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, 'image/jpeg', QUALITY));
}
