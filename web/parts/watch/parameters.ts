/** URL parameters of pages with a player, which are the player's attributes; docs/reference/player.md explains them. */
export const PARAMETERS = [
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

/**
 * What is not for the player goes with the request for the media, letter for letter: a view link, and whatever the owner's
 * own server looks for.
 */
export function othersOf(query: string, own: readonly string[] = PARAMETERS): string {
  const others = query
    .slice(1)
    .split('&')
    .filter((pair) => pair !== '' && !own.includes(pair.split('=', 1)[0] ?? ''));
  return others.length === 0 ? '' : `?${others.join('&')}`;
}
