/** Everything that can be asked for here, in one type. */
import type { StreamName } from '../base/names.ts';
import type { Client, SessionId } from '../channel/messages.ts';
import type { Scope } from './scopes.ts';
import type { Secret } from './secret.ts';

export type { Client } from '../channel/messages.ts';

/** What a client says of who it is. Whether it is true is for the gate to find out. */
export type Visitor = {
  /** The session of a person, from the cookie. */
  readonly session: Secret | undefined;
  /** The invite that a guest has opened, from the cookie. */
  readonly guest: Secret | undefined;
  /** Passwords of apps that were given before, from the cookie. */
  readonly pass: Secret | undefined;
  /** `Authorization: Bearer`: an API token, or a stream key. */
  readonly bearer: Secret | undefined;
  /** The request was made on the server's own machine, and means it. */
  readonly isLocal: boolean;
  /** Whether a page of ours made it, as the browser says; cookies count for nothing where it was another's. */
  readonly origin: 'own' | 'other' | 'unsaid';
  /** Whose page it was, where it was another's. */
  readonly site?: string;
};

/** What the browser of a guest shows of itself. */
export type GuestCredential = Pick<Visitor, 'origin'> & {
  readonly session: Secret;
  /** He knows that somebody else is live there, and wants the place all the same. */
  readonly takesOver: boolean;
};

export type PublishRequest = {
  readonly action: 'publish';
  readonly protocol: 'rtmp' | 'whip';
  readonly session: SessionId;
  readonly stream: StreamName;
  readonly credential: Secret | undefined;
  /** A guest in his browser, where he shows no key; undefined for encoders. */
  readonly guest: GuestCredential | undefined;
  /** As the client gave it, with all parameters. */
  readonly url: Secret;
  readonly client: Client;
};

export type ViewRequest = {
  readonly action: 'view';
  readonly protocol: 'whep' | 'ovenplayer';
  readonly session: SessionId;
  readonly stream: StreamName;
  /** `?link=` */
  readonly link: Secret | undefined;
  readonly url: Secret;
  readonly visitor: Visitor;
  readonly client: Client;
};

/** The page that shows a stream, or the stream's name in a list. */
export type PageRequest = {
  readonly action: 'page';
  readonly stream: StreamName;
  readonly link: Secret | undefined;
  readonly visitor: Visitor;
  readonly client: Client;
};

/** A picture of a stream, its label, and that it is there: what watching shows, without a session. */
export type StillRequest = Omit<PageRequest, 'action'> & { readonly action: 'still' };

export type ApiRequest = {
  readonly action: 'api';
  /** Method and path, for the log. */
  readonly route: string;
  /** `person` is anybody who is signed in, `guest` whoever has opened an invite. */
  readonly needs: Scope | 'person' | 'guest';
  /** Changes something. */
  readonly isChange: boolean;
  readonly visitor: Visitor;
  readonly client: Client;
};

export type AccessRequest = PublishRequest | ViewRequest | PageRequest | StillRequest | ApiRequest;
