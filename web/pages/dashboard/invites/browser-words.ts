import { abilitiesOf, type Family, type Platform } from '../../invite/browser/abilities.ts';

const FAMILIES: Readonly<Record<Family, string>> = {
  chromium: 'Chrome or Edge',
  firefox: 'Firefox',
  safari: 'Safari',
  other: 'A browser',
};
const PLATFORMS: Readonly<Record<Platform, string>> = {
  windows: ' on Windows',
  mac: ' on a Mac',
  linux: ' on Linux',
  android: ' on Android',
  ios: ' on an iPhone or iPad',
  other: '',
};

/** What a browser calls itself, in a few words. */
export function browserWords(userAgent: string): string {
  const { family, platform } = abilitiesOf({
    ...{ userAgent, touchPoints: 0, isSecureContext: true, hasWebRtc: true },
    ...{ mediaDevices: undefined, videoCodecs: undefined },
  });
  return `${FAMILIES[family]}${PLATFORMS[platform]}`;
}
