/** The page `/embed/app/stream`: the player and nothing else, for frames of other sites. */
import { openPlayer } from '../../parts/watch/player-page.ts';

// A frame that was made for the watch page is given this page under that one's address.
openPlayer(location.pathname.replace(/^\/embed(?=\/[^/]+\/[^/]+$)/, ''));
