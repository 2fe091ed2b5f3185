/** Longer sides are scaled down to this: it is only ever shown dimmed. */
const SIDE_PIXELS_MAX = 1280;

/** Keeps the last frame in view when its video is about to go. False: there was none. */
export function takeStill(video: HTMLVideoElement, canvas: HTMLCanvasElement): boolean {
  const { videoWidth: width, videoHeight: height } = video;
  if (width === 0 || height === 0) return false;
  const scale = Math.min(SIDE_PIXELS_MAX / Math.max(width, height), 1);
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext('2d');
  if (context === null) return false;
  context.drawImage(video, 0, 0, canvas.width, canvas.height);
  return true;
}
