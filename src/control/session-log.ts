import type { MediaEvent } from '../channel/messages.ts';
import type { Log } from './log.ts';

/** One line for each thing that happens to a session or a stream. */
export function logEvent(log: Log, event: MediaEvent): void {
  switch (event.type) {
    case 'stream-live':
      log.info({ stream: event.stream, session: event.session }, 'stream is live');
      break;
    case 'stream-video':
      log.info({ stream: event.stream, codec: event.codec }, 'stream has video');
      break;
    case 'stream-ended':
      log.info({ stream: event.stream, reason: event.reason }, 'stream ended');
      break;
    case 'session-connected': {
      const { stream, session, transport } = event;
      log.info({ stream, session, transport }, `${event.role} connected`);
      break;
    }
    case 'session-ended': {
      const { stream, session, reason } = event;
      log.info({ stream, session, reason }, `${event.role} left`);
      break;
    }
    case 'finding': {
      const { stream, session, code } = event;
      if (event.isOver) log.info({ stream, session, code }, 'no longer so');
      else if (event.severity === 'problem') log.warn({ stream, session, code }, event.message);
      else log.info({ stream, session, code }, event.message);
      break;
    }
    case 'complaint':
      log.warn({ count: event.count }, event.text);
      break;
    default:
      event satisfies never;
  }
}
