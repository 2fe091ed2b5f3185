/** What happened and happens, and who is told of it. */
import { eventsQuery, eventsResponse } from '../../../api/event-log.ts';
import {
  changedTarget,
  madeTarget,
  newTarget,
  targetChange,
  targetsResponse,
  targetTest,
} from '../../../api/targets.ts';
import type { EventStreams } from '../../events/event-streams.ts';
import type { Events } from '../../events/events.ts';
import type { TargetProblem } from '../../notify/target-list.ts';
import type { Targets } from '../../notify/targets.ts';
import type { Problem } from '../../problem.ts';
import { type Route, route } from '../route.ts';
import { noSuch } from './common.ts';

export type EventDeps = {
  readonly events: Pick<Events, 'list'>;
  readonly eventStreams: Pick<EventStreams, 'open'>;
  readonly targets: Pick<Targets, 'list' | 'add' | 'change' | 'remove' | 'test'>;
};

const LISTED = 50;

export function eventRoutes({ events, eventStreams }: EventDeps): Route[] {
  return [
    route({
      method: 'GET',
      path: '/events',
      who: 'streams.read',
      tag: 'notifications',
      summary: 'Events as they happen, as server-sent events',
      notes: '`Last-Event-ID` brings what was missed; [events](events.md) says what they are.',
      contentType: 'text/event-stream',
      problems: ['limit-reached'],
      serve: ({ context, caller: { mayStill } }) =>
        eventStreams.open(context, { sees: mayStill, mayStill }),
    }),
    route({
      method: 'GET',
      path: '/events/log',
      who: 'streams.read',
      tag: 'notifications',
      summary: 'Events that happened, the newest first',
      query: eventsQuery,
      answer: eventsResponse,
      serve: ({ query }) => ({
        events: events
          .list({ ...query, limit: query.limit ?? LISTED })
          .map((event) => ({ ...event, data: { ...event.data } })),
      }),
    }),
  ];
}

export function targetRoutes({ targets }: EventDeps): Route[] {
  return [
    route({
      method: 'GET',
      path: '/targets',
      who: 'hooks',
      tag: 'notifications',
      summary: 'Who is told of events, and whether it arrives',
      answer: targetsResponse,
      serve: () => ({ targets: targets.list() }),
    }),
    route({
      method: 'POST',
      path: '/targets',
      who: 'hooks',
      tag: 'notifications',
      summary: 'Tell somebody of events',
      notes:
        'Nothing is sent to addresses of private networks: such targets stand in the [configuration](config.md#notify). A test tells.',
      status: 201,
      body: newTarget,
      answer: madeTarget,
      problems: ['bad-request'],
      serve: ({ body }) => {
        const added = targets.add(body, false);
        return 'mustBe' in added
          ? notAsItMustBe(added)
          : { target: added.target, secret: added.secret ?? null };
      },
    }),
    changeRoute(targets),
    route({
      method: 'DELETE',
      path: '/targets/:id',
      who: 'hooks',
      tag: 'notifications',
      summary: 'Tell somebody no more',
      problems: ['no-such-entry', 'in-configuration'],
      serve: ({ params }) => {
        const outcome = targets.remove(params.id);
        if (outcome === 'configured') return inConfiguration('take it out there');
        return outcome === 'unknown' ? noSuch('target') : undefined;
      },
    }),
    route({
      method: 'POST',
      path: '/targets/:id/test',
      who: 'hooks',
      tag: 'notifications',
      summary: 'Send a test event at once',
      answer: targetTest,
      problems: ['no-such-entry'],
      serve: async ({ params }) => (await targets.test(params.id)) ?? noSuch('target'),
    }),
  ];
}

function changeRoute(targets: EventDeps['targets']): Route {
  return route({
    method: 'PATCH',
    path: '/targets/:id',
    who: 'hooks',
    tag: 'notifications',
    summary: 'Change who is told, or of what',
    notes:
      'What waits for it and is not wanted any more is forgotten; a new address or secret is tried at once. What is sent now may still arrive as it was.',
    body: targetChange,
    answer: changedTarget,
    problems: ['bad-request', 'no-such-entry', 'in-configuration'],
    serve: ({ params, body }) => {
      const changed = targets.change(params.id, body, false);
      if (changed === 'unknown') return noSuch('target');
      if (changed === 'configured') return inConfiguration('change it there');
      return 'mustBe' in changed
        ? notAsItMustBe(changed)
        : { target: changed.target, secret: changed.secret ?? null };
    },
  });
}

function notAsItMustBe({ field, mustBe }: TargetProblem): Problem {
  return { status: 400, reason: 'bad-request', detail: `"${field}" must be ${mustBe}.` };
}

function inConfiguration(remedy: string): Problem {
  return {
    status: 409,
    reason: 'in-configuration',
    detail: `This target stands in the configuration: ${remedy}, and restart the server.`,
  };
}
