/** The one set of sources and the one broadcast of this page. */
import { signal } from '@preact/signals';
import { abilitiesOf } from './abilities.ts';
import { Broadcast } from './broadcast.ts';
import { DeviceMemory } from './devices.ts';
import { mix } from './mixer.ts';
import { type Locks, OneTab } from './one-tab.ts';
import { INITIAL } from './quality.ts';
import { Sources, type SourcesEnvironment } from './sources.ts';

export const abilities = abilitiesOf({
  isSecureContext,
  userAgent: navigator.userAgent,
  touchPoints: navigator.maxTouchPoints,
  mediaDevices: navigator.mediaDevices,
  videoCodecs: globalThis.RTCRtpSender?.getCapabilities('video')?.codecs,
  hasWebRtc: 'RTCPeerConnection' in globalThis,
});

export const sources = new Sources(
  {
    // Missing over plain HTTP, whatever the types say.
    media: navigator.mediaDevices as unknown as SourcesEnvironment['media'],
    memory: new DeviceMemory(storage()),
    permission: async (kind) => {
      try {
        return (await navigator.permissions.query({ name: kind as PermissionName })).state;
      } catch {
        return undefined; // a browser that does not know this one
      }
    },
    mix,
  },
  INITIAL,
);
export const broadcast = new Broadcast(sources, abilities);
broadcast.watchDevice();

/** Undefined until it is known. */
export const isTheTab = signal<boolean | undefined>(undefined);
export const tabs = new OneTab(navigator.locks as Locks | undefined, (ours) => {
  isTheTab.value = ours;
  if (!ours) stopAll();
});

/** Ends what is sent, and lets go of camera and microphone. */
export function stopAll(): void {
  broadcast.stop();
  sources.stop();
}

/** A browser may keep nothing, and say so by failing. */
function storage(): Storage | undefined {
  try {
    return localStorage;
  } catch {
    return undefined;
  }
}
