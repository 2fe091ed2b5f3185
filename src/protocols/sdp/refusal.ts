/** Why a session description was not accepted. The message is for whoever can act on it: it names the remedy. */
export type SdpRefusal = { readonly refused: SdpReason; readonly message: string };

/** Why a session description is refused: literal, for logs and problem bodies. */
export type SdpReason = keyof typeof messages;

const messages = {
  'not-sdp': 'This is not a session description: it has to begin with "v=0" (RFC 8866).',
  'too-large':
    'The session description is larger than any real one: 64 kB, 2000 lines and 4 kB a line at most.',
  'no-media': 'The session description has no audio and no video for us.',
  'too-many-media': 'The session description has more than 16 media sections.',
  'too-many-tracks': 'More than one video or more than one audio track: send one of each.',
  'bad-media-line': 'A media section (m=) cannot be read.',
  'bad-mid': 'A media identification (a=mid) is missing, used twice or too long.',
  'not-bundled':
    'Audio and video have to share one transport: offer a=group:BUNDLE with all of them.',
  'no-rtcp-mux': 'RTCP has to share the port of RTP: offer a=rtcp-mux.',
  'bad-credentials': 'The ICE user name fragment or password is missing or malformed (RFC 8839).',
  'no-fingerprint':
    'There is no SHA-256 fingerprint of the DTLS certificate (a=fingerprint:sha-256).',
  'bad-setup': 'The DTLS role (a=setup) leaves neither side to begin the handshake.',
  'both-ice-lite': 'The offer says a=ice-lite, as we do: nobody would begin the connection.',
  'no-common-codec': 'There is no codec in common.',
  'answer-mismatch': 'The answer does not fit the offer that was sent.',
  'bad-fragment': 'This is not an ICE fragment (RFC 8840): a line in it cannot be read.',
} as const;

/** Builds a refusal; `detail` takes the place of the reason's own text where more is known. */
export function refuse(reason: SdpReason, detail?: string): SdpRefusal {
  return { refused: reason, message: detail ?? messages[reason] };
}

/** Tells a refusal from whatever the caller had asked for. */
export function isRefusal(value: object): value is SdpRefusal {
  return 'refused' in value;
}
