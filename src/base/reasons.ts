/**
 * Why something ended or was refused: literal words, the same in logs, in the API and on pages.
 * docs/reference/reasons.md explains each; a test keeps the two in step.
 */
export type CloseReason =
  | 'left' // the other side said goodbye: DELETE, deleteStream, DTLS close_notify, socket closed
  | 'replaced' // a newer publisher with the right key took the name
  | 'timed-out' // nothing heard for the time the protocol allows
  | 'refused' // admission said no
  | 'protocol-error' // the peer broke its protocol; the session is beyond repair
  | 'handshake-failed' // ICE or DTLS never came up
  | 'codec-changed' // the stream now has a codec that this viewer's session did not agree on
  | 'too-slow' // the viewer's path stood still for longer than we hold data for it
  | 'limit-reached' // a named limit of the server
  | 'kicked' // the operator ended it
  | 'server-stopping'
  | 'internal-error'; // our bug, counted

/** Why a viewer did not get something that its stream had. */
export type DropReason =
  | 'viewer-too-slow' // its path carries less than the stream: skipped to a later keyframe
  | 'path-too-thin' // its path carries too little of the stream for a picture: sound alone, for a while
  | 'waiting-for-keyframe'; // nothing decodable to start from yet
