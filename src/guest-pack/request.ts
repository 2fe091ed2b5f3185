/** What a guest pack is made from. */
import type { GuestProtocol } from '../api/guests.ts';
import type { EncoderWord } from '../api/packs.ts';
import type { StreamName } from '../base/names.ts';

/** A place to stream to, which becomes a profile of OBS. */
export type PackSlot = {
  readonly stream: StreamName;
  /** For people; may be empty. */
  readonly label: string;
  /** OBS's *Server*. */
  readonly server: string;
  /** OBS's *Bearer Token* or *Stream Key*: what the pack is for. */
  readonly secret: string;
  /** Where the guest can try it, and nobody watches. */
  readonly isTest?: boolean;
};

export type PackRequest = {
  /** The guest's name, as whoever invited them wrote it: any text. */
  readonly guest: string;
  /** What people call this server: `live.example.net`. */
  readonly host: string;
  /** One at least. */
  readonly slots: readonly PackSlot[];
  readonly protocol: GuestProtocol;
  readonly picture: {
    readonly width: number;
    readonly height: number;
    /** Whole pictures a second. */
    readonly fps: number;
    readonly kbps: number;
  };
  readonly encoder: EncoderWord;
};

/** One file of a pack: its path with slashes, and its text in UTF-8. */
export type PackFile = { readonly path: string; readonly text: string };
