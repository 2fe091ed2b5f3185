/** `/metrics` for Prometheus, `/healthz` and `/readyz` for whoever restarts or balances. */
import { Hono } from 'hono';
import { type ApiGuard, NOT_STORED } from '../api/serve.ts';
import { problemResponse } from '../problem.ts';
import type { MediaGate } from '../signalling.ts';
import type { Counts } from './counts.ts';
import { EXPOSITION_TYPE, single, writeExposition } from './exposition.ts';
import { ProcessFigures } from './process.ts';
import { streamFamilies } from './streams.ts';

export type MetricsDeps = {
  readonly media: Pick<MediaGate, 'stats'>;
  readonly counts: Counts;
  readonly version: string;
};

/** How long an answer about readiness holds: strangers may ask, and each question looks at every viewer. */
const READY_MS = 1000;

export function metricsRoutes(deps: MetricsDeps, guard: ApiGuard): Hono {
  const routes = new Hono();
  const figures = new ProcessFigures();
  routes.get('/metrics', async (context) => {
    const caller = await guard(context, 'metrics');
    if ('reason' in caller) return problemResponse(caller, NOT_STORED);
    return new Response(await scrape(deps, figures), {
      headers: { ...NOT_STORED, 'Content-Type': EXPOSITION_TYPE },
    });
  });
  routes.get('/healthz', (context) => context.text('ok\n', 200, NOT_STORED));
  const readiness = new Readiness(deps.media);
  routes.get('/readyz', async (context) => {
    const isReady = await readiness.look();
    return isReady
      ? context.text('ready\n', 200, NOT_STORED)
      : context.text('The media thread does not answer.\n', 503, NOT_STORED);
  });
  return routes;
}

async function scrape(deps: MetricsDeps, figures: ProcessFigures): Promise<string> {
  const startMs = performance.now();
  const streams = await deps.media.stats();
  const answerS = (performance.now() - startMs) / 1000;
  const version = { labels: { version: deps.version }, value: 1 };
  return writeExposition([
    { name: 'millrace_info', type: 'gauge', help: 'Which version runs.', samples: [version] },
    ...streamFamilies(streams),
    ...deps.counts.families(),
    single(
      'millrace_media_answer_seconds',
      'gauge',
      'How long the media thread took to answer this scrape.',
      answerS,
    ),
    ...figures.families(),
  ]);
}

/** Whether the media thread answers, asked at most once a second however many want to know. */
class Readiness {
  readonly #media: MetricsDeps['media'];
  #answer: Promise<boolean> | undefined;
  #untilMs = 0;

  constructor(media: MetricsDeps['media']) {
    this.#media = media;
  }

  look(): Promise<boolean> {
    const nowMs = performance.now();
    if (this.#answer === undefined || nowMs >= this.#untilMs) {
      this.#untilMs = nowMs + READY_MS;
      this.#answer = this.#media.stats().then(
        () => true,
        () => false,
      );
    }
    return this.#answer;
  }
}
