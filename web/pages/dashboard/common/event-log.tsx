import './event-log.css';
import { CircleAlert, Info, KeyRound, RadioTower, Square, TriangleAlert } from 'lucide';
import { sentenceOf } from '../../../../src/api/event-sentences.ts';
import type { EventType, KeptEvent } from '../../../../src/api/events.ts';
import { clockTime } from '../../../parts/words.ts';
import { Icon, type IconNode } from '../../../ui/icon.tsx';
import { List } from '../../../ui/table.tsx';

type Look = readonly [icon: IconNode, tone: 'live' | 'plain' | 'warning'];

const LOOKS: Readonly<Partial<Record<EventType, Look>>> = {
  'stream.live': [RadioTower, 'live'],
  'stream.ended': [Square, 'plain'],
  'key.refused': [KeyRound, 'warning'],
  'limit.reached': [CircleAlert, 'warning'],
  'allowance.used': [TriangleAlert, 'warning'],
  'certificate.trouble': [TriangleAlert, 'warning'],
  'target.failing': [TriangleAlert, 'warning'],
};

/** Events in sentences, the newest first. */
export function EventLog({ events }: { readonly events: readonly KeptEvent[] }) {
  const nowMs = Date.now();
  return (
    <div class="event-log">
      <List label="Events" items={events} keyOf={({ id }) => `${id}`}>
        {(event) => {
          const [icon, tone] = lookOf(event);
          return (
            <div class="event">
              <span class={`event-icon event-${tone}`}>
                <Icon of={icon} size={18} />
              </span>
              <p>{sentenceOf(event)}</p>
              <time class="small soft" dateTime={event.timestamp}>
                {clockTime(event.timestamp, nowMs)}
              </time>
            </div>
          );
        }}
      </List>
    </div>
  );
}

function lookOf(event: KeptEvent): Look {
  const isOver = 'isOver' in event.data && event.data.isOver;
  const hurts =
    event.type === 'disk.low' ||
    (event.type === 'publisher.finding' && event.data.severity === 'problem');
  if (hurts && !isOver) return [TriangleAlert, 'warning'];
  return LOOKS[event.type] ?? [Info, 'plain'];
}
