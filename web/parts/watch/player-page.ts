/** A page that one player fills: `/app/stream`, and the same for frames of other sites. */
import '../../player/index.ts';
import type { PageFacts } from '../../../src/api/watch.ts';
import type { MillracePlayer } from '../../player/millrace-player.ts';
import { readFacts, titleOf } from './facts.ts';
import { othersOf, PARAMETERS } from './parameters.ts';
import { keepVolume, recallVolume } from './volume.ts';

export type PlayerPage = {
  readonly player: MillracePlayer;
  /** Undefined where the server does not let this visitor watch; the player says why. */
  readonly facts: PageFacts | undefined;
};

/** Puts the player on the page. */
export function openPlayer(path: string): PlayerPage {
  const name = decodeURIComponent(path).replace(/^\/+|\/+$/g, '');
  const facts = readFacts<PageFacts>('stream');
  const title = facts === undefined ? name : titleOf(facts);
  const parameters = new URLSearchParams(location.search);
  const player = document.createElement('millrace-player');
  player.setAttribute('label', title);
  if (typeof facts?.poster === 'string') player.setAttribute('poster', withLink(facts.poster));
  recallVolume(player);
  for (const parameter of PARAMETERS) {
    const value = parameters.get(parameter);
    if (value !== null) player.setAttribute(parameter, value);
  }
  document.documentElement.classList.toggle(
    'transparent',
    parameters.get('background') === 'transparent',
  );
  player.setAttribute('src', path + othersOf(location.search));
  player.addEventListener('statechange', () => showTitle(player, title));
  player.addEventListener('volumechange', () => keepVolume(player));
  document.addEventListener('keydown', (event) => {
    if (event.target === document.body && player.press(event)) event.preventDefault();
  });
  document.querySelector('main')?.append(player);
  showTitle(player, title);
  return { player, facts };
}

/** Who watches by a link sees the poster by it. */
export function withLink(url: string): string {
  const link = new URLSearchParams(location.search).get('link');
  if (link === null) return url;
  return `${url}${url.includes('?') ? '&' : '?'}link=${encodeURIComponent(link)}`;
}

/** The tab says whether there is something to see. */
function showTitle({ state }: MillracePlayer, title: string): void {
  const isLive = state === 'live' || state === 'live-muted' || state === 'degraded';
  document.title = isLive ? `● ${title} · Millrace` : `${title} · Millrace`;
}
