/** Draws the demo clip's picture: a mill wheel that is a clock, turning once in the clip's ten seconds. */

export const WIDTH = 960;
export const HEIGHT = 540;
export const FRAMES_PER_SECOND = 30;
export const SECONDS = 10;
export const FRAMES = FRAMES_PER_SECOND * SECONDS;

type Colour = readonly [red: number, green: number, blue: number];

const NIGHT: Colour = [13, 22, 31];
const DUSK: Colour = [20, 44, 58];
const RIM: Colour = [86, 126, 140];
const SAND: Colour = [240, 214, 160];
const WATER: Colour = [72, 190, 212];

const CENTRE = { x: 270, y: 262 };
const RADIUS = 178;
const TURN = 2 * Math.PI;

const background = drawBackground();

/** RGB, 8 bits each, of one frame; frame {@link FRAMES} would be frame 0 again. */
export function drawFrame(frame: number): Uint8Array {
  const picture = background.slice();
  const seconds = frame / FRAMES_PER_SECOND;
  const second = Math.floor(seconds);
  const part = seconds - second;
  drawWheel(picture, seconds);
  for (let mark = 0; mark < SECONDS; mark++) {
    const { x, y } = onWheel(mark / SECONDS, RADIUS - 34);
    const flash = mark === second ? 1 - part : 0;
    fillDisc(
      picture,
      x,
      y,
      9 + 7 * flash,
      mix(RIM, SAND, mark <= second ? 0.25 + 0.75 * flash : 0),
    );
  }
  const tip = onWheel(seconds / SECONDS, RADIUS - 58);
  fillLine(picture, CENTRE.x, CENTRE.y, tip.x, tip.y, 7, SAND);
  fillDisc(picture, CENTRE.x, CENTRE.y, 15, SAND);
  // The race below: a bar that runs from edge to edge once a second.
  fillLine(picture, 60, 490, 60 + 840 * part, 490, 8, WATER);
  return picture;
}

function onWheel(turns: number, radius: number): { readonly x: number; readonly y: number } {
  return {
    x: CENTRE.x + radius * Math.sin(turns * TURN),
    y: CENTRE.y - radius * Math.cos(turns * TURN),
  };
}

/** The rim and ten paddles, which turn with the hand: wherever one looks, something moves. */
function drawWheel(picture: Uint8Array, seconds: number): void {
  for (let paddle = 0; paddle < SECONDS; paddle++) {
    const turns = (paddle + 0.5) / SECONDS + seconds / SECONDS;
    const inner = onWheel(turns, RADIUS);
    const outer = onWheel(turns, RADIUS + 26);
    fillLine(picture, inner.x, inner.y, outer.x, outer.y, 6, WATER);
  }
}

function drawBackground(): Uint8Array {
  const picture = new Uint8Array(WIDTH * HEIGHT * 3);
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      const fromRim = Math.abs(Math.hypot(x - CENTRE.x, y - CENTRE.y) - RADIUS) - 5;
      const ground = mix(NIGHT, DUSK, y / HEIGHT);
      const colour = mix(ground, RIM, Math.min(1, Math.max(0, 0.5 - fromRim)));
      picture.set(colour, (y * WIDTH + x) * 3);
    }
  }
  fillLine(picture, 60, 490, 900, 490, 8, mix(NIGHT, RIM, 0.4));
  return picture;
}

/** A line with round ends and smooth edges; `thickness` is half its width. */
function fillLine(
  picture: Uint8Array,
  fromX: number,
  fromY: number,
  toX: number,
  toY: number,
  thickness: number,
  colour: Colour,
): void {
  const alongX = toX - fromX;
  const alongY = toY - fromY;
  const squared = alongX * alongX + alongY * alongY || 1;
  const reach = Math.ceil(thickness) + 1;
  for (let y = Math.floor(Math.min(fromY, toY)) - reach; y <= Math.max(fromY, toY) + reach; y++) {
    for (let x = Math.floor(Math.min(fromX, toX)) - reach; x <= Math.max(fromX, toX) + reach; x++) {
      const share = ((x - fromX) * alongX + (y - fromY) * alongY) / squared;
      const along = Math.min(1, Math.max(0, share));
      const distance = Math.hypot(x - fromX - along * alongX, y - fromY - along * alongY);
      blend(picture, x, y, colour, thickness - distance + 0.5);
    }
  }
}

function fillDisc(picture: Uint8Array, x: number, y: number, radius: number, colour: Colour): void {
  fillLine(picture, x, y, x, y, radius, colour);
}

function blend(picture: Uint8Array, x: number, y: number, colour: Colour, cover: number): void {
  if (cover <= 0 || x < 0 || y < 0 || x >= WIDTH || y >= HEIGHT) return;
  const at = (y * WIDTH + x) * 3;
  const under: Colour = [picture[at]!, picture[at + 1]!, picture[at + 2]!];
  picture.set(mix(under, colour, Math.min(1, cover)), at);
}

function mix(from: Colour, to: Colour, share: number): Colour {
  return [
    from[0] + (to[0] - from[0]) * share,
    from[1] + (to[1] - from[1]) * share,
    from[2] + (to[2] - from[2]) * share,
  ];
}
