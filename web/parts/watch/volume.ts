/** The volume that this viewer chose last time, on any stream of this server. */
import type { MillracePlayer } from '../../player/millrace-player.ts';

const VOLUME_KEY = 'millrace-volume';

export function recallVolume(player: MillracePlayer): void {
  const kept = readKept();
  if (kept !== null) player.setAttribute('volume', kept);
}

export function keepVolume({ muted, volume }: MillracePlayer): void {
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
