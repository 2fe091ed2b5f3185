/** WCAG 2.2 AA, computed: 4.5:1 for text (1.4.3), 3:1 for edges and focus (1.4.11). */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

type Colours = ReadonlyMap<string, string>;

const TEXT = 4.5;
const EDGE = 3;

/** What stands on what, on our pages. */
const PAIRS: readonly (readonly [on: string, ground: string, ratio: number])[] = [
  ['text', 'ground', TEXT],
  ['text', 'surface', TEXT],
  ['text', 'surface-sunken', TEXT],
  ['text-soft', 'ground', TEXT],
  ['text-soft', 'surface', TEXT],
  ['text-soft', 'surface-sunken', TEXT],
  ['accent', 'ground', TEXT],
  ['accent', 'surface', TEXT],
  ['accent-strong', 'surface', TEXT],
  ['accent-strong', 'accent-soft', TEXT],
  ['on-accent', 'accent', TEXT],
  ['on-live', 'live', TEXT],
  ['good', 'surface', TEXT],
  ['warning', 'warning-soft', TEXT],
  ['error', 'ground', TEXT],
  ['error', 'surface', TEXT],
  ['error', 'error-soft', TEXT],
  ['good', 'good-soft', TEXT],
  ['accent', 'surface-sunken', TEXT],
  ['line-strong', 'ground', EDGE],
  ['line-strong', 'surface', EDGE],
  ['focus', 'ground', EDGE],
  ['focus', 'surface', EDGE],
];

const css = readFileSync(new URL('./tokens.css', import.meta.url), 'utf8');
const [, darkCss = ''] = css.split('@media (prefers-color-scheme: dark)');
const light = coloursOf(css.slice(0, css.length - darkCss.length));
const dark = new Map([...light, ...coloursOf(darkCss)]);

for (const [scheme, colours] of [
  ['light', light],
  ['dark', dark],
] as const) {
  test(`contrast of the ${scheme} scheme`, () => {
    const low = PAIRS.map(([on, ground, ratio]) => ({
      pair: `${on} on ${ground}`,
      ratio,
      is: contrast(colour(colours, on), colour(colours, ground)),
    })).filter(({ is, ratio }) => is < ratio);
    assert.deepEqual(low, []);
  });
}

test('both schemes name the same colours', () => {
  assert.deepEqual([...coloursOf(darkCss).keys()].sort(), [...light.keys()].sort());
});

test('contrast of what the player puts on its own stage', () => {
  const player = readFileSync(new URL('../../player/player.css', import.meta.url), 'utf8');
  const colours = coloursOf(player);
  const stage = colour(colours, 'stage');
  for (const name of ['text', 'soft', 'amber']) {
    assert.ok(contrast(colour(colours, name), stage) >= TEXT, name);
  }
  assert.ok(contrast('#ffffff', colour(colours, 'red')) >= TEXT, 'the live badge');
  assert.ok(contrast('#201500', colour(colours, 'amber')) >= TEXT, 'the trouble badge');
});

function coloursOf(text: string): Colours {
  const found = text.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6});/g);
  return new Map([...found].map(([, name = '', value = '']) => [name, value]));
}

function colour(colours: Colours, name: string): string {
  const value = colours.get(name);
  assert.ok(value, `there is no colour --${name}`);
  return value;
}

/** WCAG 2.2, "contrast ratio" and "relative luminance". */
function contrast(one: string, other: string): number {
  const [lighter = 0, darker = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (lighter + 0.05) / (darker + 0.05);
}

function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
