/** What chats and search engines are told of a watch page (ogp.me, oembed.com §4). Only of streams that anybody may see. */
import type { PageFacts } from '../../api/watch.ts';
import type { PosterFacts } from '../store/posters.ts';
import { tag } from './html.ts';

export type Previewed = {
  readonly facts: PageFacts;
  readonly origin: string;
  readonly poster: PosterFacts | undefined;
};

/** For people: the label, or the name where it has none. */
export function titleOf({ label, stream }: Pick<PageFacts, 'label' | 'stream'>): string {
  return label.trim() === '' ? stream : label;
}

export function previewTags({ facts, origin, poster }: Previewed): string[] {
  const title = titleOf(facts);
  const host = new URL(origin).host;
  const description = facts.live
    ? `Live now on ${host}.`
    : `Live video on ${host}. The picture starts by itself.`;
  const url = `${origin}/${facts.stream}`;
  const oembed = `${origin}/oembed?${new URLSearchParams({ url, format: 'json' })}`;
  return [
    tag('meta', { name: 'description', content: description }),
    tag('link', { rel: 'canonical', href: url }),
    ...['og:type video.other', 'og:site_name Millrace'].map((pair) => property(...words(pair))),
    property('og:title', title),
    property('og:description', description),
    property('og:url', url),
    ...(poster === undefined ? [] : imageTags(facts, origin, poster)),
    tag('meta', {
      name: 'twitter:card',
      content: poster === undefined ? 'summary' : 'summary_large_image',
    }),
    ...(facts.embedPath === undefined
      ? []
      : [tag('link', { rel: 'alternate', type: 'application/json+oembed', href: oembed, title })]),
  ];
}

function imageTags(facts: PageFacts, origin: string, poster: PosterFacts): string[] {
  return [
    property('og:image', origin + posterPath(facts.stream, poster)),
    property('og:image:type', poster.type),
    property('og:image:width', String(poster.width)),
    property('og:image:height', String(poster.height)),
    property('og:image:alt', titleOf(facts)),
  ];
}

/** Its time is in the URL: a new picture is not taken for the old one. */
export function posterPath(stream: string, { atMs }: PosterFacts): string {
  return `/api/streams/${stream}/poster?at=${atMs}`;
}

function property(name: string, content: string): string {
  return tag('meta', { property: name, content });
}

function words(pair: string): [string, string] {
  const at = pair.indexOf(' ');
  return [pair.slice(0, at), pair.slice(at + 1)];
}
