import { createNativeCrypto } from '../../src/native/crypto.ts';
import { loadAddon } from '../../src/native/load.ts';
import type { WebRtcCrypto } from '../../src/protocols/webrtc/crypto.ts';

/** DTLS and SRTP through the server's own native addon: it is what makes hundreds of viewers fit into one process. */
export function loadCrypto(): WebRtcCrypto {
  const addon = loadAddon();
  return createNativeCrypto(addon, addon.certificateNew());
}
