/** Everybody who is told of what happens: the log of events, targets of notifications, pages. */
import type { Refused } from './access/gate.ts';
import type { Config } from './config/config.ts';
import type { RefusalReport } from './events/digest.ts';
import { EventStreams } from './events/event-streams.ts';
import { Events } from './events/events.ts';
import type { Log } from './log.ts';
import { configuredTargets } from './notify/configured.ts';
import { Targets } from './notify/targets.ts';
import { Outbound } from './outbound/outbound.ts';
import { SiteUrl } from './site-url.ts';
import type { Store } from './store/store.ts';

export type Telling = {
  /** How links call this server. */
  readonly site: SiteUrl;
  readonly events: Events;
  readonly targets: Targets;
  readonly streams: EventStreams;
  /** To be called once nothing happens any more, and before the database closes. */
  readonly stop: () => void;
};

/** Fails with a {@link StartError} where the configuration's targets are wrong. */
export function startTelling(config: Config, store: Store, log: Log): Telling {
  const configured = configuredTargets(config);
  const { database } = store;
  const site = new SiteUrl(config.publicUrl);
  // Until it is known which of our addresses others reach: something may be live at once.
  site.found(config.domain ?? 'localhost', config.http.port);
  const events = new Events({
    database,
    stateFolder: config.stateDir,
    endedAfterMs: config.events.endedAfter * 1000,
    watchUrl: (stream) => site.watch(stream),
    log,
  });
  const outbound = new Outbound({});
  const targets = new Targets({
    database,
    configured,
    send: (request, signal) => outbound.send(request, signal),
    tell: (event) => events.tell(event),
    log,
  });
  events.onEvent((event) => targets.hear(event));
  targets.start();
  const streams = new EventStreams(events);
  const stop = () => {
    events.stop();
    targets.stop();
    streams.close();
  };
  return { site, events, targets, streams, stop };
}

/** What the gate says of somebody whom it turned away. */
export function reportOf({
  action,
  protocol,
  target,
  address,
  reason,
  message,
}: Refused): RefusalReport {
  return { protocol, stream: action === 'api' ? null : target, address, reason, message };
}
