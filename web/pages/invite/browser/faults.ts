/** What can go wrong on the way out, each with its words and its way on. */
import type { SendLossReason, WhipState } from '../../../parts/whip-client.ts';
import type { RejectedReason } from '../../../parts/whip-session.ts';
import type { CaptureTrouble } from './capture.ts';
import type { DeviceKind } from './devices.ts';

export type Fault = { readonly title: string; readonly text: string };

const LOST: Readonly<Record<SendLossReason, Fault>> = {
  unreachable: {
    title: 'The server does not answer',
    text: 'It may be restarting. This page tries again by itself, and goes on where you were.',
  },
  busy: {
    title: 'The server can take nobody now',
    text: 'This page tries again by itself.',
  },
  offline: {
    title: 'This device has no network',
    text: 'Check the Wi-Fi or the cable. Your picture goes on by itself when the network is back.',
  },
  'no-path': {
    title: 'Your network lets no picture through',
    text: 'The server answers, but neither UDP nor TCP gets through to it. A VPN, a firewall or a guest network may be in the way: switch the VPN off, try another network or your phone’s, or tell whoever runs the server. This page keeps trying.',
  },
  'path-lost': {
    title: 'The connection was lost',
    text: 'This page brings it back by itself.',
  },
  'server-gone': {
    title: 'The server ended the connection',
    text: 'It may be restarting. This page connects again by itself.',
  },
  slept: {
    title: 'This device was asleep',
    text: 'This page connects again by itself. Keep the screen on while you are live.',
  },
};

/** What the person sees while a connection is brought back. */
export function lostFault(reason: SendLossReason): Fault {
  return LOST[reason];
}

const REFUSED: Readonly<Record<RejectedReason, Fault>> = {
  taken: {
    title: 'Somebody else is live here',
    text: 'Another picture goes to this place now. If it is yours, from OBS or another device, end it there, or take over. If it is not, ask whoever invited you first.',
  },
  'not-invited': {
    title: 'Your invite is no longer good',
    text: 'It has expired or was taken back. Ask whoever sent it to you for a new link.',
  },
  closed: {
    title: 'Nobody can go live now',
    text: 'Whoever runs the server has closed this place for now. Ask when it opens.',
  },
  ended: {
    title: 'Your picture was ended',
    text: 'Whoever runs this server has ended it. Ask whoever invited you before you go live again.',
  },
  'not-allowed': {
    title: 'The server does not let you',
    text: 'Ask whoever invited you.',
  },
  'not-found': {
    title: 'This place is no longer there',
    text: 'Ask whoever invited you for a new link.',
  },
  unsupported: {
    title: 'Server and browser have no format in common',
    text: 'Use Chrome, Edge, Firefox or Safari in a recent version, or stream with OBS.',
  },
  'no-webrtc': {
    title: 'This browser cannot send live video',
    text: 'It has no WebRTC, or it is switched off. Use another browser, or stream with OBS.',
  },
  rejected: {
    title: 'The server said no',
    text: 'Try again, and ask whoever invited you if it stays so.',
  },
};

/** Where ours says it all, the server's sentence would only say it again. */
const SAID: readonly RejectedReason[] = ['taken', 'not-invited', 'ended'];

/** What the person sees where the server, or the browser, refuses. The server's own sentence comes after ours. */
export function refusedFault({ reason, detail }: Extract<WhipState, { phase: 'refused' }>): Fault {
  const { title, text } = REFUSED[reason];
  const says = SAID.includes(reason) ? undefined : detail;
  return { title, text: says === undefined ? text : `${text} The server says: ${says}` };
}

const CAPTURE: Readonly<Record<DeviceKind, Readonly<Record<CaptureTrouble, Fault>>>> = {
  camera: {
    denied: {
      title: 'This page may not use your camera',
      text: 'The browser or the system does not let it. This is how to allow it:',
    },
    missing: {
      title: 'There is no camera',
      text: 'Plug one in: it is found by itself. You can also show your screen, or go on with sound alone.',
    },
    busy: {
      title: 'The camera does not start',
      text: 'Another program may use it: end a video call or OBS’s virtual camera, then try again. It may also have a switch or a lid.',
    },
    lost: {
      title: 'The camera is gone',
      text: 'Plug it in again: the picture comes back by itself. Or choose another.',
    },
    failed: { title: 'The camera does not work here', text: 'Try again, or use another browser.' },
  },
  microphone: {
    denied: {
      title: 'This page may not use your microphone',
      text: 'The browser or the system does not let it. This is how to allow it:',
    },
    missing: {
      title: 'There is no microphone',
      text: 'Plug one in: it is found by itself. Until then nobody hears you.',
    },
    busy: {
      title: 'The microphone does not start',
      text: 'Another program may use it alone: end it, then try again.',
    },
    lost: {
      title: 'The microphone is gone',
      text: 'Plug it in again: the sound comes back by itself. Or choose another.',
    },
    failed: {
      title: 'The microphone does not work here',
      text: 'Try again, or use another browser.',
    },
  },
};

export function captureFault(kind: DeviceKind, trouble: CaptureTrouble): Fault {
  return CAPTURE[kind][trouble];
}

/** What limits the picture, where something does. */
export function limitWords(
  limitedBy: 'nothing' | 'cpu' | 'bandwidth' | 'other',
): string | undefined {
  switch (limitedBy) {
    case 'cpu':
      return 'This computer cannot keep up: the picture is made smaller. Close other programs, or choose a lower resolution.';
    case 'bandwidth':
      return 'Your upload carries less than you chose: the picture is made simpler. Use a cable, or choose a lower bit rate.';
    default:
      return undefined;
  }
}
