/** A guest pack: the files that make OBS ready to stream to this server, for one guest. What it is made from comes in. */
import type { PackKind } from '../api/packs.ts';
import { writeIni } from './ini.ts';
import { instructions } from './instructions.ts';
import { type Profile, profileFiles, profilesOf } from './profiles.ts';
import type { PackFile, PackRequest } from './request.ts';
import { COLLECTION, OBS_VERSION, sceneCollection } from './scenes.ts';
import { startScript } from './start-script.ts';

const INSTRUCTIONS = 'start-here.html';
const START_SCRIPT = 'Start OBS.bat';
const CONFIG = 'config/obs-studio';

/** All that a pack holds of ours. */
export function packFiles(request: PackRequest, kind: PackKind): PackFile[] {
  const profiles = profilesOf(request);
  const page = { path: INSTRUCTIONS, text: instructions(request, profiles, kind) };
  if (kind === 'profile') return [page, ...inFolders('', profiles, request)];
  const [first] = profiles;
  if (first === undefined) throw new Error('a pack is for one slot at least');
  return [
    page,
    { path: START_SCRIPT, text: startScript() },
    ...MARKERS.map((path) => ({ path, text: '' })),
    { path: `${CONFIG}/global.ini`, text: writeIni({ ...general(true), ...choice(first) }) },
    { path: `${CONFIG}/user.ini`, text: writeIni({ ...general(false), ...choice(first) }) },
    { path: `${CONFIG}/basic/scenes/${COLLECTION}.json`, text: sceneCollection(request) },
    ...inFolders(`${CONFIG}/basic/profiles/`, profiles, request),
  ];
}

/** OBS looks whether they are there, beside `bin` and `data`. */
const MARKERS = ['portable_mode.txt', 'disable_updater.txt', 'disable_missing_files_check.txt'];

function inFolders(prefix: string, profiles: readonly Profile[], request: PackRequest): PackFile[] {
  return profiles.flatMap((profile) =>
    profileFiles(profile, request).map(({ path, text }) => ({
      path: `${prefix}${profile.folder}/${path}`,
      text,
    })),
  );
}

/**
 * OBS 30 keeps everything in global.ini. OBS 31 and later keep most of it in user.ini, and take over what an older global.ini has
 * unless it is marked as taken over; where it is not, and user.ini is there, they stop with a box. So both files are there, and the
 * mark: that holds in a fresh folder, and where a pack is unpacked over one that was in use. With LastVersion no wizard comes.
 */
function general(isGlobal: boolean) {
  const marks = { LastVersion: OBS_VERSION, Pre31Migrated: true, EnableAutoUpdates: false };
  return { General: { FirstRun: true, ...(isGlobal ? marks : {}) } };
}

function choice({ name, folder }: Profile) {
  return {
    Basic: {
      ...{ Profile: name, ProfileDir: folder },
      ...{ SceneCollection: COLLECTION, SceneCollectionFile: COLLECTION },
    },
    BasicWindow: { WarnBeforeStartingStream: false },
  };
}
