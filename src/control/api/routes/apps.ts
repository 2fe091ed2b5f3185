/** Apps, their settings, and the streams that are declared in them. */
import { type AppRules, closingOf } from '../../../access/app-rules.ts';
import { isReserved } from '../../../access/decide.ts';
import { type Hours, writeHours } from '../../../access/hours.ts';
import {
  type AppInfo,
  appChange,
  appInfo,
  appsResponse,
  newApp,
  newSlot,
  type SlotInfo,
  slotInfo,
  slotsResponse,
} from '../../../api/access.ts';
import { parseStreamName, type StreamName } from '../../../base/names.ts';
import { type AppSettings, camel } from '../../config/config.ts';
import { keys } from '../../config/keys.ts';
import { findMistake } from '../../config/stored-settings.ts';
import type { Problem } from '../../problem.ts';
import type { DeclaredStream } from '../../store/streams.ts';
import { type Route, route } from '../route.ts';
import { type AccessDeps, isoTime, noSuch } from './common.ts';

const appKeys: Readonly<Record<string, { readonly isSecret: boolean }>> = keys.apps.each;

export function appRoutes(deps: AccessDeps): Route[] {
  return [
    route({
      method: 'GET',
      path: '/apps',
      who: 'streams.read',
      tag: 'access',
      summary: 'Every app that is listed, with its settings',
      answer: appsResponse,
      serve: () => ({
        apps: namesOf(deps).flatMap((name) => describe(deps, name) ?? []),
        anyName: deps.directory.names === undefined,
      }),
    }),
    route({
      method: 'POST',
      path: '/apps',
      who: 'apps',
      tag: 'access',
      summary: 'Make an app',
      body: newApp,
      status: 201,
      answer: appInfo,
      problems: ['bad-name', 'bad-setting', 'already-there'],
      serve: ({ body }) => makeApp(deps, body.name, body.settings),
    }),
    route({
      method: 'GET',
      path: '/apps/:app',
      who: 'streams.read',
      tag: 'access',
      summary: 'One app',
      answer: appInfo,
      problems: ['no-such-entry'],
      serve: ({ params }) => describe(deps, params.app) ?? noSuch('app'),
    }),
    route({
      method: 'PATCH',
      path: '/apps/:app',
      who: 'apps',
      tag: 'access',
      summary: "Change an app's settings, or its viewers' password",
      notes: 'Who is live or watches stays; what holds from now on is for those who come.',
      body: appChange,
      answer: appInfo,
      problems: ['no-such-entry', 'bad-setting'],
      serve: ({ params, body }) => changeApp(deps, params.app, body),
    }),
    route({
      method: 'DELETE',
      path: '/apps/:app',
      who: 'apps',
      tag: 'access',
      summary: 'Remove an app that was made here, or take one back to its configuration',
      problems: ['no-such-entry'],
      serve: ({ params }) => {
        if (!deps.store.apps.remove(params.app)) return noSuch('app');
        deps.directory.changed();
        return undefined;
      },
    }),
    ...slotRoutes(deps),
  ];
}

function slotRoutes(deps: AccessDeps): Route[] {
  const { streams } = deps.store;
  const path = '/apps/:app/slots/:stream';
  return [
    route({
      method: 'GET',
      path: '/apps/:app/slots',
      who: 'streams.read',
      tag: 'access',
      summary: 'Streams that are declared in an app, beside those of its configuration',
      answer: slotsResponse,
      serve: ({ params }) => ({ slots: streams.list(params.app).map(slotOf) }),
    }),
    route({
      method: 'PUT',
      path,
      who: 'apps',
      tag: 'access',
      summary: 'Declare a stream, or change its label',
      body: newSlot,
      answer: slotInfo,
      problems: ['bad-name', 'no-such-entry'],
      serve: ({ params, body }) => {
        const name = parseStreamName(`${params.app}/${params.stream}`);
        if (name === undefined) return badName();
        if (deps.directory.find(params.app) === undefined) return noSuch('app');
        streams.put(name, body.label, deps.nowMs());
        const stored = streams.find(name);
        return stored === undefined ? noSuch('stream') : slotOf(stored);
      },
    }),
    route({
      method: 'DELETE',
      path,
      who: 'apps',
      tag: 'access',
      summary: 'Declare a stream no longer',
      problems: ['no-such-entry'],
      serve: ({ params }) => {
        const name = `${params.app}/${params.stream}` as StreamName;
        return streams.remove(name) ? undefined : noSuch('stream');
      },
    }),
  ];
}

function namesOf({ directory, store }: AccessDeps): string[] {
  const stored = store.apps.list().map(({ name }) => name);
  return [...new Set([...(directory.names ?? []), ...stored])].toSorted();
}

function describe(deps: AccessDeps, name: string): AppInfo | undefined {
  const settings = deps.directory.find(name);
  if (settings === undefined) return undefined;
  const stored = deps.store.apps.find(name);
  const activeMs = stored?.activeMs ?? deps.nowMs();
  return {
    name,
    inConfiguration: deps.isConfigured(name),
    settings: writeSettings(settings),
    changed: stored?.settings ?? {},
    hasPassword: stored?.password !== undefined || settings.viewingPassword !== undefined,
    closed: closingOf(settings as AppRules, deps.nowMs(), activeMs) ?? null,
  };
}

/** By the names of the configuration; secrets are left out. */
function writeSettings(settings: AppSettings): Record<string, unknown> {
  const values = settings as unknown as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(appKeys)
      .filter(([, key]) => !key.isSecret)
      .map(([name]) => {
        const value = values[camel(name)];
        return [name, name === 'opening_hours' ? (value as Hours[]).map(writeHours) : value];
      }),
  );
}

function makeApp(
  deps: AccessDeps,
  name: string,
  settings: Readonly<Record<string, unknown>>,
): AppInfo | Problem {
  if (parseStreamName(`${name}/any`) === undefined || isReserved(name)) return badName();
  const mistake = findMistake(settings);
  if (mistake !== undefined) return badSetting(mistake);
  const isListed = deps.directory.names !== undefined && deps.directory.find(name) !== undefined;
  if (isListed || !deps.store.apps.add(name, deps.nowMs())) {
    return {
      status: 409,
      reason: 'already-there',
      detail: 'There is an app of this name already.',
    };
  }
  deps.store.apps.set(name, settings);
  deps.directory.changed();
  return describe(deps, name) ?? noSuch('app');
}

type Change = {
  readonly settings: Readonly<Record<string, unknown>>;
  readonly password?: string | null | undefined;
};

async function changeApp(
  deps: AccessDeps,
  name: string,
  { settings, password }: Change,
): Promise<AppInfo | Problem> {
  if (deps.directory.find(name) === undefined) return noSuch('app');
  const given = Object.entries(settings);
  const set = Object.fromEntries(given.filter(([, value]) => value !== null));
  const taken = given.filter(([, value]) => value === null).map(([key]) => key);
  const mistake = findMistake(set);
  if (mistake !== undefined) return badSetting(mistake);
  const hash = typeof password === 'string' ? await deps.passwords.hash(password) : undefined;
  const { apps } = deps.store;
  apps.add(name, deps.nowMs());
  const before = apps.find(name)?.settings ?? {};
  const kept = Object.fromEntries(Object.entries(before).filter(([key]) => !taken.includes(key)));
  apps.set(name, { ...kept, ...set });
  if (password !== undefined) apps.setPassword(name, hash, deps.nowMs());
  // Whoever changes an app means it to be used: its idle hours begin anew.
  apps.touch(name, deps.nowMs());
  deps.directory.changed();
  return describe(deps, name) ?? noSuch('app');
}

function slotOf({ name, label, createdMs }: DeclaredStream): SlotInfo {
  return { name, label, created: isoTime(createdMs) };
}

function badName(): Problem {
  return {
    status: 400,
    reason: 'bad-name',
    detail: 'A name has letters, digits, "_", "-" and "."; some, such as "api", are taken.',
  };
}

function badSetting(mistake: string): Problem {
  return { status: 400, reason: 'bad-setting', detail: mistake };
}
