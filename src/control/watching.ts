/** What the pages that show streams know of them: label, live or not, audience, picture. */
import type { StillRequest, Visitor } from '../access/request.ts';
import type { PageFacts, WatchInfo } from '../api/watch.ts';
import { appOf, type StreamName } from '../base/names.ts';
import type { Client, MediaEvent } from '../channel/messages.ts';
import type { AppDirectory } from './access/app-directory.ts';
import type { Gate } from './access/gate.ts';
import { Audience } from './audience.ts';
import { type KeyframeSource, Snapshots } from './pictures/snapshots.ts';
import { StoreError } from './store/database.ts';
import type { PosterFacts } from './store/posters.ts';
import type { Store } from './store/store.ts';

export type WatchingDeps = {
  readonly live: ReadonlySet<StreamName>;
  readonly audience: Pick<Audience, 'of'>;
  readonly directory: Pick<AppDirectory, 'find'>;
  readonly store: Pick<Store, 'streams' | 'shortLinks' | 'posters'>;
  readonly snapshots: Pick<Snapshots, 'get' | 'hasLast'>;
  readonly gate: Pick<Gate, 'mayShow' | 'mayEnter'>;
};

/** Who asks, and what he has to show. */
export type Asking = Omit<StillRequest, 'action' | 'stream'>;

/** Somebody of whom nothing is known: a preview of a chat, another site's page. */
const STRANGER: Visitor = {
  session: undefined,
  pass: undefined,
  guest: undefined,
  bearer: undefined,
  isLocal: false,
  origin: 'unsaid',
};
/** Where nobody is kept out by address: what everybody sees is the same for all. */
const ANYWHERE: Client = { address: '', port: 0, userAgent: undefined };

/** Whoever asks a page of ours without anything to show. */
export const NOBODY: Asking = { link: undefined, visitor: STRANGER, client: ANYWHERE };

export class Watching {
  readonly #deps: WatchingDeps;

  constructor(deps: WatchingDeps) {
    this.#deps = deps;
  }

  /** What who asks may know; of a stream that he may not see, its name alone. */
  info(stream: StreamName, asking: Asking): WatchInfo {
    const { live, audience, directory, store, gate } = this.#deps;
    if (!gate.mayShow({ action: 'still', stream, ...asking })) {
      return { stream, label: '', live: false, viewers: null, snapshot: null, poster: null };
    }
    const app = directory.find(appOf(stream));
    return {
      stream,
      label: store.streams.find(stream)?.label ?? '',
      live: live.has(stream),
      viewers: app?.viewerCount === true ? audience.of(stream) : null,
      snapshot:
        live.has(stream) && app?.snapshots !== 'off' ? `/api/streams/${stream}/snapshot` : null,
      poster: this.#posterOf(stream),
    };
  }

  page(stream: StreamName, asking: Asking): PageFacts {
    const { directory, store } = this.#deps;
    const short = store.shortLinks.of(stream);
    const mayEmbed = (directory.find(appOf(stream))?.embedOrigins ?? []).length > 0;
    return {
      ...this.info(stream, asking),
      path: `/${short === undefined ? stream : `~${short.name}`}`,
      ...(mayEmbed && { embedPath: `/embed/${stream}` }),
      isOpen: this.isOpen(stream),
    };
  }

  /** Streams of an app that are live, and that the visitor may watch. */
  liveOf(app: string, asking: Asking): readonly WatchInfo[] {
    const { live, gate } = this.#deps;
    return [...live]
      .filter((stream) => appOf(stream) === app)
      .filter((stream) => gate.mayShow({ action: 'page', stream, ...asking }))
      .toSorted()
      .map((stream) => this.info(stream, asking));
  }

  /** Whether who asks may watch in an app. Where he may not, and where there is none, all is alike: he does not learn which. */
  isOpenTo(app: string, asking: Asking): boolean {
    // Whichever: what holds for all streams of the app is asked.
    const stream = `${app}/any` as StreamName;
    return this.#deps.gate.mayEnter({ action: 'page', stream, ...asking });
  }

  /** Whether somebody who shows nothing may see it. */
  isOpen(stream: StreamName): boolean {
    return this.#deps.gate.mayShow({ action: 'still', stream, ...NOBODY });
  }

  /** What may be shown of a stream's poster: one that its publisher sent is a picture of the stream, and goes as those do. */
  poster(stream: StreamName): PosterFacts | undefined {
    const { store, live, directory } = this.#deps;
    const poster = store.posters.facts(stream);
    if (poster?.source !== 'publisher') return poster;
    const snapshots = directory.find(appOf(stream))?.snapshots;
    return snapshots === 'last' || (snapshots === 'live' && live.has(stream)) ? poster : undefined;
  }

  #posterOf(stream: StreamName): string | null {
    const { snapshots } = this.#deps;
    const path = `/api/streams/${stream}`;
    const poster = this.poster(stream);
    // Its time is in the URL, so that a new one is not taken for the old one.
    if (poster !== undefined) return `${path}/poster?at=${poster.atMs}`;
    return snapshots.hasLast(stream) ? `${path}/snapshot` : null;
  }
}

type ViewerSideDeps = {
  readonly media: KeyframeSource & {
    onEvent(listener: (event: MediaEvent) => void): () => void;
  };
  readonly directory: WatchingDeps['directory'];
  readonly store: WatchingDeps['store'];
  readonly gate: WatchingDeps['gate'];
  readonly nowMs: () => number;
  readonly onBug: (error: unknown) => void;
};

/** All that pages ask of streams, around a media plane. */
export function viewerSide({ media, nowMs, onBug, ...deps }: ViewerSideDeps): {
  readonly snapshots: Snapshots;
  readonly watching: Watching;
} {
  const keepsLast = (stream: StreamName): boolean => {
    try {
      return deps.directory.find(appOf(stream))?.snapshots === 'last';
    } catch (error) {
      // A stream that ends asks, too, and nobody hears the answer: a damaged database keeps no pictures, and ends nothing.
      if (error instanceof StoreError) return false;
      throw error;
    }
  };
  const snapshots = new Snapshots({ media, keepsLast, nowMs, onBug });
  const audience = new Audience();
  media.onEvent((event) => audience.hear(event));
  const watching = new Watching({ ...deps, live: media.live, audience, snapshots });
  return { snapshots, watching };
}
