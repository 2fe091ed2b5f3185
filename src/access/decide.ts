/** Who may do what: plain rules over plain data. */
import { appOf } from '../base/names.ts';
import type { AccessDecision, AccessRequest } from '../channel/messages.ts';
import type { StreamKey } from './stream-key.ts';

export type AccessRules = {
  readonly publishKey: StreamKey;
  /** Apps that are served; undefined for every app. */
  readonly apps: ReadonlySet<string> | undefined;
};

/** The key comes first: who has none learns nothing about what there is. */
export function decide(request: AccessRequest, rules: AccessRules): AccessDecision {
  const { credential, protocol, stream } = request;
  if (credential === undefined || credential === '') {
    return { allowed: false, reason: 'no-key', message: WHERE_THE_KEY_GOES[protocol] };
  }
  if (!rules.publishKey.matches(credential)) {
    return {
      allowed: false,
      reason: 'wrong-key',
      message: `This is not the publish key of this server. ${WHERE_THE_KEY_GOES[protocol]}`,
    };
  }
  if (!servesApp(appOf(stream), rules)) {
    return {
      allowed: false,
      reason: 'unknown-app',
      message: unknownApp(appOf(stream), rules),
    };
  }
  return { allowed: true };
}

/** Their URLs are ours. */
const RESERVED_APPS: ReadonlySet<string> = new Set(['api', 'assets']);

/** Whether streams of this app can exist here. */
export function servesApp(app: string, { apps }: Pick<AccessRules, 'apps'>): boolean {
  return !RESERVED_APPS.has(app) && (apps === undefined || apps.has(app));
}

function unknownApp(app: string, { apps }: AccessRules): string {
  const instead = apps === undefined ? 'choose another name' : `it has ${[...apps].join(', ')}`;
  return `This server has no app "${app}": ${instead}.`;
}

const WHERE_THE_KEY_GOES = {
  rtmp: 'Publishing needs the publish key: set the stream key to "stream?key=PUBLISH_KEY".',
  whip: 'Publishing needs the publish key: set it as the Bearer token.',
} as const satisfies Record<AccessRequest['protocol'], string>;
