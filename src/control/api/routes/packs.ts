/** Guest packs, for guests and for who invites them; and OBS's ZIP, which the owner uploads once. */
import type { Context } from 'hono';
import { newPack, obsZipResponse, packOffer } from '../../../api/packs.ts';
import { requestOf, visitorOf } from '../../access/visitor.ts';
import { OBS_ZIP_BYTES_MAX, type ObsInfo, type ObsZip } from '../../guest-packs/obs-zip.ts';
import { Packs, type PacksDeps } from '../../guest-packs/packs.ts';
import type { Guests } from '../../guests/guests.ts';
import { originOf } from '../../guests/publish-fields.ts';
import { takeYourTime } from '../../http/receiving.ts';
import { isProblem, type Problem } from '../../problem.ts';
import type { StoredInvite } from '../../store/invites.ts';
import { type Route, route } from '../route.ts';
import { NOT_STORED } from '../serve.ts';
import { isoTime, noSuch } from './common.ts';

export type PackDeps = Omit<PacksDeps, 'guests'> & {
  readonly guests: Guests;
  readonly obsZip: ObsZip;
  /** How links call this server. */
  readonly origin: () => string;
};

const ZIP = 'application/zip';
const PACK_PROBLEMS = [
  'invite-elsewhere',
  'protocol-off',
  'obs-missing',
  'limit-reached',
  'too-many-attempts',
];

export function packRoutes(deps: PackDeps): Route[] {
  const { guests } = deps;
  const packs = new Packs(deps);
  return [
    route({
      method: 'GET',
      path: '/guest/pack',
      who: 'guest',
      tag: 'guests',
      summary: 'Whether there are packs with OBS in them',
      answer: packOffer,
      serve: () => packs.offer(),
    }),
    route({
      method: 'POST',
      path: '/guest/pack',
      who: 'guest',
      tag: 'guests',
      summary: 'OBS made ready for this guest, as a ZIP',
      notes:
        'With new keys in it: the keys that he had for the same slots and protocol are revoked, once no encoder uses them any more.',
      body: newPack,
      contentType: ZIP,
      problems: PACK_PROBLEMS,
      serve: async ({ body, context }) => {
        const invite = guests.of(visitorOf(context).guest);
        if (invite === undefined) return NOT_A_GUEST;
        return sent(await packs.make(invite, body, originOf(requestOf(context))));
      },
    }),
    route({
      method: 'POST',
      path: '/invites/:id/pack',
      who: 'keys',
      tag: 'guests',
      summary: 'OBS made ready for the guest of an invite, as a ZIP to hand to him',
      notes: 'The same as the guest himself would get, with new keys in it.',
      body: newPack,
      contentType: ZIP,
      problems: ['no-such-entry', ...PACK_PROBLEMS],
      serve: async ({ params, body }) => {
        const invite = goodInvite(params.id, guests);
        if (invite === undefined) return noSuch('good invite');
        return sent(await packs.make(invite, body, deps.origin()));
      },
    }),
    ...obsZipRoutes(deps),
  ];
}

function obsZipRoutes({ obsZip }: PackDeps): Route[] {
  return [
    route({
      method: 'GET',
      path: '/obs-zip',
      who: 'keys',
      tag: 'guests',
      summary: 'Which OBS is there for complete packs',
      answer: obsZipResponse,
      serve: async () => stateOf(await obsZip.info()),
    }),
    route({
      method: 'PUT',
      path: '/obs-zip',
      who: 'apps',
      tag: 'guests',
      summary:
        "Upload OBS's ZIP for Windows, for complete packs; it takes the place of the one before",
      notes: `\`Content-Type: application/zip\`, ${OBS_ZIP_BYTES_MAX / 1e6} MB at most.`,
      upload: ZIP,
      answer: obsZipResponse,
      problems: [
        ...['wrong-content-type', 'too-large', 'not-obs', 'incomplete', 'upload-under-way'],
        'disk-full',
      ],
      serve: ({ context }) => receive(obsZip, context),
    }),
    route({
      method: 'DELETE',
      path: '/obs-zip',
      who: 'apps',
      tag: 'guests',
      summary: 'Remove it: packs are without OBS from now on',
      problems: ['no-such-entry'],
      serve: async () => ((await obsZip.remove()) ? undefined : noSuch('ZIP of OBS')),
    }),
  ];
}

async function receive(obsZip: ObsZip, context: Context) {
  // No page of another site can send this type without being asked first (Fetch standard §3.3).
  if (!/^application\/zip\s*(;|$)/i.test(context.req.header('content-type') ?? '')) {
    return WRONG_TYPE;
  }
  const declared = context.req.header('content-length');
  takeYourTime(context);
  const body: AsyncIterable<Uint8Array> = context.req.raw.body ?? nothing();
  const info = await obsZip.put(body, declared === undefined ? undefined : Number(declared));
  return isProblem(info) ? info : stateOf(info);
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

function stateOf(info: ObsInfo | undefined) {
  if (info === undefined) return { obs: null, bytesMax: OBS_ZIP_BYTES_MAX };
  const { bytes, uploadedMs, content } = info;
  const uploaded = isoTime(Math.floor(uploadedMs));
  return {
    obs: { bytes, browserBytes: content.browserBytes, uploaded },
    bytesMax: OBS_ZIP_BYTES_MAX,
  };
}

function goodInvite(id: string, guests: Guests): StoredInvite | undefined {
  return guests.isGood(id) ? guests.list().find((one) => one.id === id) : undefined;
}

function sent(pack: Awaited<ReturnType<Packs['make']>>): Response | Problem {
  if (isProblem(pack)) return pack;
  const headers = {
    ...NOT_STORED,
    'Content-Type': ZIP,
    'Content-Length': String(pack.bytes),
    'Content-Disposition': `attachment; filename="${pack.fileName}"`,
  };
  return new Response(pack.body, { headers });
}

const NOT_A_GUEST: Problem = {
  status: 401,
  reason: 'invite-needed',
  detail: 'This is for guests: open the invite that you were sent.',
};
const WRONG_TYPE: Problem = {
  status: 415,
  reason: 'wrong-content-type',
  detail: "Send OBS's ZIP as application/zip.",
};
