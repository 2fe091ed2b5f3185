/** What is typed into the planner, between the fields, the address of the page and `millrace plan`. */
import type { Measurement } from '../../../src/planner/measure.ts';
import type { Gathering, PlanInput } from '../../../src/planner/plan.ts';

export type Kind = Gathering['kind'];

/** As typed: numbers are texts until they are read. */
export type Form = {
  readonly kind: Kind;
  readonly viewers: string;
  readonly streamers: string;
  readonly producers: string;
  readonly people: string;
  readonly ownPicture: boolean;
  readonly incoming: string;
  readonly outgoing: string;
  readonly video: string;
  readonly audio: string;
  readonly rtmp: boolean;
  readonly hours: string;
  readonly days: string;
  readonly udp: boolean;
  readonly allowance: string;
  readonly price: string;
  readonly extraPrice: string;
  readonly bothWays: boolean;
  readonly link: string;
  readonly cores: string;
};
export type NumberName = {
  [Name in keyof Form]: Form[Name] extends string ? (Name extends 'kind' ? never : Name) : never;
}[keyof Form];

/** The same as the command's. */
export const INITIAL: Form = {
  ...{ kind: 'solo', viewers: '100', streamers: '4', producers: '1', people: '8' },
  ...{ ownPicture: true, incoming: '1', outgoing: '10', video: '2000', audio: '256' },
  ...{ rtmp: false, hours: '4', days: '20', udp: false, allowance: '', price: '' },
  ...{ extraPrice: '', bothWays: false, link: '', cores: '' },
};

const HOURS_MAX = 24;
const DAYS_MAX = 31;
/** More of anything is a slip of the finger. */
const NUMBER_MAX = 1_000_000;
const KINDS: readonly Kind[] = ['solo', 'event', 'call', 'custom'];
const OPTIONAL: readonly NumberName[] = ['allowance', 'price', 'extraPrice', 'link', 'cores'];
/** What each kind asks for. */
export const COUNTS: Readonly<Record<Kind, readonly NumberName[]>> = {
  solo: ['viewers'],
  event: ['streamers', 'producers'],
  call: ['people'],
  custom: ['incoming', 'outgoing'],
};
const ALWAYS: readonly NumberName[] = ['video', 'audio', 'hours', 'days', ...OPTIONAL];

/** What is wrong with what was typed, by field. */
export type Mistakes = Readonly<Partial<Record<NumberName, string>>>;

export function mistakesIn(form: Form): Mistakes {
  const asked = [...COUNTS[form.kind], ...ALWAYS];
  return Object.fromEntries(
    asked.flatMap((name) => {
      const text = form[name].trim();
      if (text === '' && OPTIONAL.includes(name)) return [];
      const most = mostOf(name);
      const isGood = text !== '' && Number(text) >= 0 && Number(text) <= most;
      return isGood ? [] : [[name, `Write a number from 0 to ${most}.`]];
    }),
  );
}

function mostOf(name: NumberName): number {
  if (name === 'hours') return HOURS_MAX;
  return name === 'days' ? DAYS_MAX : NUMBER_MAX;
}

/** Of what has no mistakes in it. */
export function inputOf(form: Form): PlanInput {
  const optional = (name: NumberName) =>
    form[name].trim() === '' ? undefined : Number(form[name]);
  return {
    gathering: gatheringOf(form),
    videoKbps: Number(form.video),
    audioKbps: Number(form.audio),
    hoursPerDay: Number(form.hours),
    daysPerMonth: Number(form.days),
    publish: form.rtmp ? 'rtmp' : 'whip',
    view: form.udp ? 'udp' : 'tcp',
    offer: {
      allowanceGb: optional('allowance'),
      pricePerMonth: optional('price'),
      pricePerExtraGb: optional('extraPrice'),
      countsIncoming: form.bothWays,
      linkMbps: optional('link'),
      cores: optional('cores'),
    },
  };
}

function gatheringOf(form: Form): Gathering {
  switch (form.kind) {
    case 'solo':
      return { kind: 'solo', viewers: Number(form.viewers) };
    case 'event':
      return {
        kind: 'event',
        streamers: Number(form.streamers),
        producers: Number(form.producers),
      };
    case 'call':
      return { kind: 'call', people: Number(form.people), ownPictureBack: form.ownPicture };
    case 'custom':
      return {
        kind: 'custom',
        incoming: Number(form.incoming),
        outgoing: Number(form.outgoing),
      };
    default:
      return form.kind satisfies never;
  }
}

/** What goes on now, in the place of what was typed. */
export function withMeasurement(form: Form, { gathering, media }: Measurement): Form {
  return {
    ...form,
    kind: 'custom',
    incoming: String(gathering.incoming),
    outgoing: String(gathering.outgoing),
    video: String(Math.round(media.videoKbps)),
    audio: String(Math.round(media.audioKbps)),
    rtmp: media.publish === 'rtmp',
  };
}

/** For the address of the page, so that a plan can be sent to somebody: what is as usual is left out. */
export function queryOf(form: Form): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(form)) {
    if (value === INITIAL[name as keyof Form]) continue;
    query.set(name, typeof value === 'boolean' ? (value ? '1' : '0') : value);
  }
  return query.size === 0 ? '' : `?${query}`;
}

/** Whatever an address says, it becomes a form. */
export function formOf(search: string): Form {
  const query = new URLSearchParams(search);
  const entries = Object.entries(INITIAL).map(([name, usual]) => {
    const given = query.get(name);
    if (given === null) return [name, usual];
    if (name === 'kind') return [name, KINDS.find((kind) => kind === given) ?? usual];
    return [name, typeof usual === 'boolean' ? given === '1' : given.slice(0, NUMBER_LENGTH_MAX)];
  });
  return Object.fromEntries(entries) as Form;
}

/** Longer than any number that is taken. */
const NUMBER_LENGTH_MAX = 12;

/** The same in the terminal; undefined for what only the page has: numbers that were measured. */
export function commandOf(form: Form): string | undefined {
  if (form.kind === 'custom') return undefined;
  const [count = 'viewers'] = COUNTS[form.kind];
  const value = (name: NumberName, option: string) =>
    form[name].trim() === INITIAL[name] ? [] : [`--${option} ${form[name].trim()}`];
  return [
    `millrace plan ${form.kind} ${form[count].trim()}`,
    ...(form.kind === 'event' ? value('producers', 'producers') : []),
    ...(form.kind === 'call' && !form.ownPicture ? ['--no-own-picture'] : []),
    ...[value('video', 'video'), value('audio', 'audio')].flat(),
    ...(form.rtmp ? ['--rtmp'] : []),
    ...[value('hours', 'hours'), value('days', 'days')].flat(),
    ...(form.udp ? ['--udp'] : []),
    ...[value('allowance', 'allowance'), value('price', 'price')].flat(),
    ...value('extraPrice', 'extra-price'),
    ...(form.bothWays ? ['--both-ways'] : []),
    ...[value('link', 'link'), value('cores', 'cores')].flat(),
  ].join(' ');
}
