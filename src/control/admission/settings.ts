import type { AppSettings } from '../config/config.ts';
import type { AdmissionSettings } from './admission.ts';

/** The hook of an app, where it has one. */
export function admissionSettings(app: AppSettings | undefined): AdmissionSettings | undefined {
  if (app?.admissionUrl === undefined) return undefined;
  return {
    url: app.admissionUrl,
    secret: app.admissionSecret,
    timeoutMs: app.admissionTimeoutMs,
    publishing: app.admissionPublishing,
    playback: app.admissionPlayback,
    alsoNeedsKey: app.admissionAlsoNeedsKey,
  };
}
