/** The player's keyboard: the same keys that other video players use. */
export type KeyCommand =
  | 'toggle-play'
  | 'toggle-mute'
  | 'toggle-full-screen'
  | 'toggle-pip'
  | 'toggle-stats'
  | 'louder'
  | 'softer';

/** The part of a KeyboardEvent that decides. */
export type KeyPress = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'altKey' | 'metaKey'>;

const COMMANDS: Readonly<Record<string, KeyCommand>> = {
  ' ': 'toggle-play',
  k: 'toggle-play',
  m: 'toggle-mute',
  f: 'toggle-full-screen',
  p: 'toggle-pip',
  i: 'toggle-stats',
  arrowup: 'louder',
  arrowright: 'louder',
  arrowdown: 'softer',
  arrowleft: 'softer',
};
/** Keys that a focused button or slider has its own use for. */
const WIDGET_KEYS = [' ', 'enter', 'arrowup', 'arrowdown', 'arrowleft', 'arrowright'];

/** Undefined: not ours. With a modifier it belongs to the browser or to a screen reader. */
export function commandOf(press: KeyPress, onWidget: boolean): KeyCommand | undefined {
  if (press.ctrlKey || press.altKey || press.metaKey) return undefined;
  const key = press.key.toLowerCase();
  if (onWidget && WIDGET_KEYS.includes(key)) return undefined;
  return Object.hasOwn(COMMANDS, key) ? COMMANDS[key] : undefined;
}
