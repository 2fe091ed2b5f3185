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
  | 'revoked' // the key, link or account that let it in is no longer good
  | 'expired' // it was let in for a time, which is over
  | 'server-stopping'
  | 'internal-error'; // our bug, counted

/** Why a viewer did not get something that its stream had. */
export type DropReason =
  | 'viewer-too-slow' // its path carries less than the stream: skipped to a later keyframe
  | 'path-too-thin' // its path carries too little of the stream for a picture: sound alone, for a while
  | 'waiting-for-keyframe'; // nothing decodable to start from yet

/** Why somebody may not do what he asked for. */
export type DenialReason =
  | 'no-key' // publishing needs a key, and none was given
  | 'wrong-key' // not a key of this server
  | 'key-revoked'
  | 'key-expired'
  | 'key-elsewhere' // a key of another app or stream
  | 'key-address' // the key is for other addresses
  | 'key-protocol' // the key is for another protocol
  | 'unknown-app'
  | 'unknown-stream' // the app has declared streams only, and this is none of them
  | 'protocol-off' // the app does not take or give this protocol
  | 'publishing-closed' // the app takes no publishers at all
  | 'app-closed' // closed by hand
  | 'outside-hours'
  | 'closed-idle' // nothing was live for so long that the app closed by itself
  | 'invite-needed' // only guests can do this, by the cookie that opening an invite gives
  | 'invite-over' // expired, revoked, or none of ours
  | 'invite-elsewhere' // the invite is for other streams
  | 'slot-taken' // somebody else is live there, and the guest has not said that he takes over
  | 'link-needed'
  | 'link-wrong' // no link of ours, or one for another stream
  | 'link-expired' // or revoked
  | 'link-taken' // it lets one session or one address in, and another has it
  | 'password-needed'
  | 'sign-in-needed'
  | 'not-allowed' // who is signed in may not do this
  | 'other-origin' // a page of another site asked in the name of its visitor
  | 'other-site' // a page of a site that may not show the app's streams
  | 'banned'
  | 'too-many-attempts' // for a while
  | 'limit-reached' // as many as may be at once
  | 'contested' // two encoders take the stream from each other in turn: the one that is live stays
  | 'policy-missing' // the app takes signed URLs only
  | 'policy-wrong' // signed for another URL, with another secret, or not readable
  | 'policy-expired' // or not good yet
  | 'policy-address' // signed for other addresses
  | 'admission-denied' // the owner's own server said no
  | 'not-decided'; // it could not be checked: the database or the owner's server failed
