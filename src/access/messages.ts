/** What people are told when they may not, and what they can do about it. */
import { appOf, type StreamName } from '../base/names.ts';
import type { DenialReason } from '../base/reasons.ts';
import type { PublishRequest } from './request.ts';

const MESSAGES: Readonly<Record<DenialReason, string>> = {
  'no-key': 'Publishing needs a stream key.',
  'wrong-key': 'This is not a key of this server.',
  'key-revoked': 'This stream key was revoked. Ask whoever gave it to you for a new one.',
  'key-expired': 'This stream key has expired. Ask whoever gave it to you for a new one.',
  'key-elsewhere': 'This stream key is for another stream. Check the server URL and the name.',
  'key-address': 'This stream key may not be used from your network address.',
  'key-protocol': 'This stream key may not be used with this protocol.',
  'unknown-app': 'This server has no such app.',
  'unknown-stream': 'This app has no stream of this name. Ask whoever runs the server.',
  'protocol-off': 'This app does not serve this protocol.',
  'publishing-closed': 'Nobody can publish to this app.',
  'app-closed': 'This app is closed now. Ask whoever runs the server when it opens.',
  'outside-hours': 'This app is outside of its opening hours.',
  'closed-idle': 'This app closed, as nothing was live for long. Ask the owner to open it.',
  'invite-needed': 'This is for guests: open the invite that you were sent.',
  'invite-over': 'This invite is no longer good. Ask whoever sent it to you for a new one.',
  'invite-elsewhere': 'Your invite is for another stream.',
  'slot-taken': 'Somebody else is live here. Ask whoever invited you, or take over.',
  'link-needed': 'Watching needs a link. Ask whoever runs the stream for one.',
  'link-wrong': 'This link is not for this stream. Ask whoever gave it to you for a new one.',
  'link-expired': 'This link is no longer good. Ask whoever gave it to you for a new one.',
  'link-taken': 'Somebody watches by this link already: it lets in one at a time, or one network.',
  'password-needed': 'Watching needs a password.',
  'sign-in-needed': 'Sign in first, or send an API token.',
  'not-allowed': 'Your account or token does not let you do this.',
  'other-site': 'This stream may not be shown on this site. Watch it on its own page.',
  'other-origin': 'Only pages of this server can do this for you.',
  banned: 'The server does not let you do this.',
  'too-many-attempts': 'Too many attempts.',
  contested:
    'Another encoder sends to this stream, and the two take it from each other. Stop one of them.',
  'limit-reached': 'The server can take no more now.',
  'policy-missing': 'This needs a signed URL. Ask whoever runs the server for one.',
  'policy-wrong':
    'This URL is not signed as it should be. Ask whoever gave it to you for a new one.',
  'policy-expired': 'This URL is not good now. Ask whoever gave it to you for a new one.',
  'policy-address': 'This URL may not be used from your network address.',
  'admission-denied': 'The server does not let you do this.',
  'not-decided': 'The server could not check whether you may. Try again; its log tells more.',
};

export function messageOf(reason: DenialReason): string {
  return MESSAGES[reason];
}

/** @param names undefined where every name would do, or is not to be told */
export function unknownApp(stream: StreamName, names: readonly string[] | undefined): string {
  const app = appOf(stream);
  return names === undefined
    ? `This server has no app "${app}".`
    : `This server has no app "${app}": it has ${names.join(', ') || 'none yet'}.`;
}

export function whereTheKeyGoes(protocol: PublishRequest['protocol']): string {
  return WHERE_THE_KEY_GOES[protocol];
}

const WHERE_THE_KEY_GOES = {
  rtmp: 'Publishing needs a key: set the stream key to "stream?key=PUBLISH_KEY".',
  whip: 'Publishing needs a key: set it as the Bearer token.',
} as const;
