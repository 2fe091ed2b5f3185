/** What pages that show streams know of them, for whoever may watch. */
import * as v from 'valibot';
import { count, type Shape, says, time } from './schema.ts';

export const watchInfo = v.object({
  stream: says(v.string(), '`app/stream`.'),
  label: says(v.string(), 'Of the declared stream, for people; empty where it has none.'),
  live: v.boolean(),
  viewers: says(v.nullable(count), 'Null where the app does not tell.'),
  snapshot: says(v.nullable(v.string()), 'The URL of a picture of it as it is now; null: none.'),
  poster: says(
    v.nullable(v.string()),
    'The URL of a picture for while nothing is live; null: none.',
  ),
});
export const watchedApp = v.object({ streams: v.array(watchInfo) });

export const shortLinkInfo = v.object({
  name: says(v.string(), 'The link is `/~` and this.'),
  stream: v.string(),
  url: v.string(),
  created: time,
});
export const shortLinksResponse = v.object({ links: v.array(shortLinkInfo) });
export const newShortLink = v.strictObject({
  stream: says(v.string(), 'Where it leads: `app/stream`.'),
  name: says(
    v.optional(v.string()),
    'Letters, digits and `-`, 32 at most; left out: a short one that is free.',
  ),
});

export const posterInfo = v.object({
  type: v.picklist(['image/jpeg', 'image/png', 'image/webp']),
  width: count,
  height: count,
  source: says(
    v.picklist(['owner', 'publisher']),
    'Uploaded, or sent by the page of who publishes.',
  ),
  at: time,
});

/** Of oEmbed 1.0 (oembed.com), type `video`. */
export const oembed = v.object({
  version: v.literal('1.0'),
  type: v.literal('video'),
  title: v.string(),
  provider_name: v.string(),
  provider_url: v.string(),
  cache_age: count,
  html: v.string(),
  width: count,
  height: count,
  thumbnail_url: v.optional(v.string()),
  thumbnail_width: v.optional(count),
  thumbnail_height: v.optional(count),
});

/** What a watch page is told by the server that made it, in its `<meta name="stream">`. */
export type PageFacts = WatchInfo & {
  /** Where links lead, on whatever name the server is reached by. */
  readonly path: string;
  /** Undefined where other sites may not show it. */
  readonly embedPath?: string;
  /** Anybody may watch: the link alone is enough. */
  readonly isOpen: boolean;
};

/** The same of a page with several streams, in its `<meta name="streams">`. */
export type GridFacts = {
  /** The app that it shows all of; undefined where the URL names the streams. */
  readonly app: string | undefined;
  readonly streams: readonly WatchInfo[];
  /** False where who asks may not watch in the app, and where there is no such app. */
  readonly isOpen: boolean;
};

export type WatchInfo = Shape<typeof watchInfo>;
export type WatchedApp = Shape<typeof watchedApp>;
export type ShortLinkInfo = Shape<typeof shortLinkInfo>;
export type ShortLinksResponse = Shape<typeof shortLinksResponse>;
export type PosterInfo = Shape<typeof posterInfo>;
export type Oembed = Shape<typeof oembed>;
