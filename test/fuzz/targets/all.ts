import type { Targets } from '../target.ts';
import { admissionTargets } from './admission.ts';
import { codecTargets } from './codecs.ts';
import { controlTargets } from './control.ts';
import { pictureTargets } from './pictures.ts';
import { rtmpTargets } from './rtmp.ts';
import { tlsTargets } from './tls.ts';
import { webrtcTargets } from './webrtc.ts';
import { zipTargets } from './zip.ts';

/** Everything that reads what others wrote, by the name that `npm run fuzz -- <name>` knows. */
export const targets: Targets = {
  ...webrtcTargets,
  ...rtmpTargets,
  ...codecTargets,
  ...controlTargets,
  ...admissionTargets,
  ...tlsTargets,
  ...pictureTargets,
  ...zipTargets,
};
