/**
 * For pages with OvenPlayer as it is: included after ovenplayer.js it brings each player of the page back after a server's
 * restart or a lost network. The page itself needs no other change.
 */
import { type OvenPlayerApi, Revival } from './revival.ts';

type OvenPlayerScript = {
  create(container: unknown, options: unknown): OvenPlayerApi;
  getPlayerList(): readonly OvenPlayerApi[];
  /** Twice the same script on a page is a common accident. */
  isRevived?: true;
};

const { OvenPlayer } = window as unknown as { readonly OvenPlayer?: OvenPlayerScript };
if (OvenPlayer === undefined) throw new Error('Put ovenplayer-revive.js behind ovenplayer.js.');

if (!OvenPlayer.isRevived) {
  OvenPlayer.isRevived = true;
  const { create } = OvenPlayer;
  OvenPlayer.create = (container, options) => watched(create(container, options));
  for (const player of OvenPlayer.getPlayerList()) watched(player);
}

function watched(player: OvenPlayerApi): OvenPlayerApi {
  new Revival(player, {
    nowMs: () => performance.now(),
    setTimer: (callback, delayMs) => window.setTimeout(callback, delayMs),
    clearTimer: (timer) => window.clearTimeout(timer),
    random: Math.random,
    isHidden: () => document.hidden,
  });
  return player;
}
