/** A picture that no encoder can save on: it takes whatever bit rate it is given. */

/** Small, so that a slow computer can encode it at the highest rate of the test. */
const WIDTH = 384;
const HEIGHT = 216;
const FPS = 50;
/** As many as make each look new; the rest is where they are put. */
const TILES = 4;
const GREY = 128;
/** Faint: a coarse encoder sees next to nothing of it, a fine one has its hands full. */
const CONTRAST = 80;

export function createBusyPicture(): {
  readonly track: MediaStreamTrack;
  readonly stop: () => void;
} {
  const canvas = Object.assign(document.createElement('canvas'), { width: WIDTH, height: HEIGHT });
  const context = canvas.getContext('2d');
  const tiles = Array.from({ length: TILES }, noise);
  let count = 0;
  const draw = () => {
    const tile = tiles[count % TILES];
    const shift = (count * 97) % WIDTH;
    count += 1;
    if (!context || !tile) return;
    context.putImageData(tile, -shift, 0);
    context.putImageData(tile, WIDTH - shift, 0);
  };
  draw();
  const timer = setInterval(draw, 1000 / FPS);
  const [track] = canvas.captureStream(FPS).getVideoTracks();
  if (track === undefined) throw new Error('a canvas has a picture');
  return {
    track,
    stop: () => {
      clearInterval(timer);
      track.stop();
    },
  };
}

function noise(): ImageData {
  const image = new ImageData(WIDTH, HEIGHT);
  const pixels = new Uint32Array(image.data.buffer);
  for (let index = 0; index < pixels.length; index++) {
    const grey = GREY + Math.round((Math.random() - 0.5) * CONTRAST);
    pixels[index] = 0xff000000 | (grey << 16) | (grey << 8) | grey;
  }
  return image;
}
