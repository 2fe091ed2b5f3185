/** The player's script: defines `<millrace-player>`. One file, for any page on any site. */
import { MillracePlayer } from './millrace-player.ts';

const NAME = 'millrace-player';

// Only a classic script knows its own address, and only while it runs; as part of a bundle the page's server it is.
const script = document.currentScript;
MillracePlayer.scriptUrl =
  script instanceof HTMLScriptElement && script.src ? script.src : location.href;

// Twice the same script on a page is a common accident.
if (customElements.get(NAME) === undefined) customElements.define(NAME, MillracePlayer);

declare global {
  interface HTMLElementTagNameMap {
    [NAME]: MillracePlayer;
  }
}
