/** The page `/app/stream`: the player filling the window, and a little in its top line. */
import type { PageFacts, WatchInfo } from '../../../src/api/watch.ts';
import { othersOf } from '../../parts/watch/parameters.ts';
import { openPlayer } from '../../parts/watch/player-page.ts';
import type { MillracePlayer } from '../../player/millrace-player.ts';

/** Soon enough for a number that nobody acts on. */
const COUNT_POLL_MS = 10_000;

const { player, facts } = openPlayer(location.pathname);
if (facts !== undefined) addCorner(player, facts);

function addCorner(player: MillracePlayer, facts: PageFacts): void {
  const corner = document.createElement('div');
  corner.slot = 'top';
  corner.className = 'corner';
  if (facts.viewers !== null) corner.append(viewerCount(facts));
  corner.append(shareButton(facts));
  player.append(corner);
}

function shareButton(facts: PageFacts): HTMLButtonElement {
  const button = document.createElement('button');
  button.type = 'button';
  button.title = 'Share';
  button.append(
    icon('M12 15V4m0 0L8 8m4-4 4 4M5 13v5a1.5 1.5 0 0 0 1.5 1.5h11A1.5 1.5 0 0 0 19 18v-5'),
  );
  const words = document.createElement('span');
  words.textContent = 'Share';
  button.append(words);
  button.setAttribute('aria-label', 'Share');
  button.addEventListener('click', () => {
    // Few ever share: what it takes comes when they do.
    void import('./share.tsx').then(({ openShare }) => openShare(facts));
  });
  return button;
}

/** Asks on and on, while the page is seen; without an answer the last number stays. */
function viewerCount(facts: PageFacts): HTMLElement {
  const element = document.createElement('span');
  element.className = 'viewers';
  const show = (count: number): void => {
    element.textContent = `${count} watching`;
    element.hidden = count === 0;
  };
  const ask = async (): Promise<void> => {
    if (document.visibilityState !== 'visible') return;
    const query = othersOf(location.search);
    const response = await fetch(`/api/watch/${facts.stream}${query}`).catch(() => undefined);
    if (response?.ok !== true) return;
    const { viewers } = (await response.json()) as WatchInfo;
    if (viewers !== null) show(viewers);
  };
  show(facts.viewers ?? 0);
  window.setInterval(() => void ask(), COUNT_POLL_MS);
  // Who has just come is one more.
  player.addEventListener('statechange', () => player.state === 'live' && void ask());
  return element;
}

function icon(path: string): SVGElement {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const attributes = {
    ...{ viewBox: '0 0 24 24', fill: 'none', stroke: 'currentColor', 'stroke-width': '2' },
    ...{ 'stroke-linecap': 'round', 'stroke-linejoin': 'round', 'aria-hidden': 'true' },
  };
  for (const [name, value] of Object.entries(attributes)) svg.setAttribute(name, value);
  const line = document.createElementNS(svg.namespaceURI, 'path');
  line.setAttribute('d', path);
  svg.append(line);
  return svg;
}
