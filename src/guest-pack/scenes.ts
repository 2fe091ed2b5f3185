/** A scene collection to begin with, for Windows: the camera, and the screen with the camera in its corner. */
import { json } from './profiles.ts';
import type { PackRequest } from './request.ts';

export const COLLECTION = 'Live';

/** OBS 30.0.0, the oldest that a pack is for: later ones bring what it wrote up to their own ways. */
export const OBS_VERSION = 30 << 24;

type Picture = PackRequest['picture'];
type Box = {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
};

/** OBS_BOUNDS_SCALE_INNER: as large as fits, nothing cut off, nothing stretched. */
const FIT = 2;
/** OBS_ALIGN_LEFT | OBS_ALIGN_TOP */
const TOP_LEFT = 5;
/** Of the screen's width: the camera in its corner. */
const CORNER_SHARE = 0.25;
const CORNER_MARGIN_SHARE = 0.02;

/**
 * The camera is not chosen yet, which OBS shows as an empty source and says nothing of. The sound of the computer comes with the
 * screen alone: with the camera it would send the show's own sound back.
 */
export function sceneCollection({ picture }: PackRequest): string {
  return json({
    name: COLLECTION,
    current_scene: 'Camera',
    current_program_scene: 'Camera',
    scene_order: [{ name: 'Camera' }, { name: 'Screen' }],
    current_transition: 'Fade',
    transition_duration: 300,
    resolution: { x: picture.width, y: picture.height },
    AuxAudioDevice1: source('Microphone', 'wasapi_input_capture', { device_id: 'default' }),
    sources: [
      source('Your camera', 'dshow_input', {}),
      // The name that Windows gives to the first display on every computer.
      source('Your screen', 'monitor_capture', { monitor_id: '\\\\.\\DISPLAY1' }),
      source('Sound of the computer', 'wasapi_output_capture', { device_id: 'default' }),
      scene('Camera', [item(1, 'Your camera', whole(picture))]),
      scene('Screen', [
        item(1, 'Sound of the computer', undefined),
        item(2, 'Your screen', whole(picture)),
        item(3, 'Your camera', corner(picture)),
      ]),
    ],
  });
}

function source(name: string, id: string, settings: object): object {
  return { prev_ver: OBS_VERSION, name, id, settings };
}

function scene(name: string, items: readonly object[]): object {
  return source(name, 'scene', { id_counter: items.length, custom_size: false, items });
}

function item(id: number, name: string, box: Box | undefined): object {
  const placed = box && {
    ...{ pos: { x: box.x, y: box.y }, scale: { x: 1, y: 1 }, rot: 0, align: TOP_LEFT },
    ...{ bounds_type: FIT, bounds_align: 0, bounds: { x: box.width, y: box.height } },
  };
  return { id, name, visible: true, locked: false, ...placed };
}

function whole({ width, height }: Picture): Box {
  return { x: 0, y: 0, width, height };
}

/** The lower right one. */
function corner(picture: Picture): Box {
  const width = Math.round(picture.width * CORNER_SHARE);
  const height = Math.round(picture.height * CORNER_SHARE);
  const margin = Math.round(picture.width * CORNER_MARGIN_SHARE);
  return {
    x: picture.width - width - margin,
    y: picture.height - height - margin,
    width,
    height,
  };
}
