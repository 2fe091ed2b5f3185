/** The page visitors' process: asks one server for pages at a steady rate, over a few connections kept open. */
import { Agent, get } from 'node:http';
import { serveWorker } from '../worker.ts';

export type LoadRequest = {
  readonly origin: string;
  readonly perSecond: number;
};
export type LoadReport = {
  readonly answered: number;
  readonly failed: number;
  readonly latenciesMs: readonly number[];
};

const CONNECTIONS = 16;
/** Requests leave in small groups: a timer of a millisecond is not kept under load. */
const TICK_MS = 10;
const PATHS = ['/', '/bench/stream-0', '/player.js', '/api/streams'];

const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
let report = { answered: 0, failed: 0, latenciesMs: [] as number[] };
let timer: NodeJS.Timeout | undefined;

serveWorker(
  {
    start: ({ origin, perSecond }: LoadRequest): void => {
      const sinceMs = performance.now();
      let asked = 0;
      timer = setInterval(() => {
        const due = ((performance.now() - sinceMs) * perSecond) / 1000;
        for (; asked < due; asked++) ask(`${origin}${PATHS[asked % PATHS.length]}`);
      }, TICK_MS);
    },
    begin: (): void => {
      report = { answered: 0, failed: 0, latenciesMs: [] };
    },
    end: (): LoadReport => report,
  },
  async () => {
    clearInterval(timer);
    agent.destroy();
  },
);

function ask(url: string): void {
  const atMs = performance.now();
  get(url, { agent }, (response) => {
    response.resume().on('end', () => {
      report.answered++;
      report.latenciesMs.push(performance.now() - atMs);
    });
  }).on('error', () => report.failed++);
}
