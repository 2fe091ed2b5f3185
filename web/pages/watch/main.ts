/** The page `/app/stream`: the player filling the window. */
import '../../player/index.ts';
import type { MillracePlayer } from '../../player/millrace-player.ts';

/** URL parameters that are the player's attributes; docs/reference/player.md explains them. */
const PARAMETERS = [
  'controls',
  'cards',
  'muted',
  'volume',
  'autoplay',
  'transport',
  'stats',
  'hotkeys',
  'label',
  'background',
] as const;

const VOLUME_KEY = 'millrace-volume';

const name = decodeURIComponent(location.pathname).replace(/^\/+|\/+$/g, '');
const parameters = new URLSearchParams(location.search);

const player = document.createElement('millrace-player');
player.setAttribute('label', name);
recallVolume(player);
for (const parameter of PARAMETERS) {
  const value = parameters.get(parameter);
  if (value !== null) player.setAttribute(parameter, value);
}
document.documentElement.classList.toggle(
  'transparent',
  parameters.get('background') === 'transparent',
);
player.setAttribute('src', location.pathname + othersOf(location.search));
player.addEventListener('statechange', () => showTitle(player));
player.addEventListener('volumechange', () => keepVolume(player));
document.addEventListener('keydown', (event) => {
  if (event.target === document.body && player.press(event)) event.preventDefault();
});
document.querySelector('main')?.append(player);
showTitle(player);

/**
 * What is not for the player goes with the request for the media, letter for letter: a view link, and whatever the owner's
 * own server looks for.
 */
function othersOf(query: string): string {
  const own: readonly string[] = PARAMETERS;
  const others = query
    .slice(1)
    .split('&')
    .filter((pair) => pair !== '' && !own.includes(pair.split('=', 1)[0] ?? ''));
  return others.length === 0 ? '' : `?${others.join('&')}`;
}

/** The tab says whether there is something to see. */
function showTitle({ state }: MillracePlayer): void {
  const isLive = state === 'live' || state === 'live-muted' || state === 'degraded';
  document.title = isLive ? `● ${name} · Millrace` : `${name} · Millrace`;
}

/** The volume that this viewer chose last time, on any stream of this server. */
function recallVolume(element: MillracePlayer): void {
  const kept = readKept();
  if (kept !== null) element.setAttribute('volume', kept);
}

function keepVolume({ muted, volume }: MillracePlayer): void {
  if (muted) return;
  try {
    localStorage.setItem(VOLUME_KEY, `${volume}`);
  } catch {
    // Storage is off or full: the volume lasts as long as the page.
  }
}

function readKept(): string | null {
  try {
    return localStorage.getItem(VOLUME_KEY);
  } catch {
    return null;
  }
}
