/** What this browser can do, said before anything is tried. */

export type Family = 'chromium' | 'firefox' | 'safari' | 'other';
export type Platform = 'windows' | 'mac' | 'linux' | 'android' | 'ios' | 'other';

export type Abilities = {
  readonly family: Family;
  readonly platform: Platform;
  /** Cameras are given to pages that came by HTTPS, or from this very machine. */
  readonly isSecure: boolean;
  readonly hasWebRtc: boolean;
  readonly hasCamera: boolean;
  readonly hasScreen: boolean;
  /** Undefined where the browser does not say. */
  readonly hasH264: boolean | undefined;
};

/** The parts of the browser that are looked at. */
export type Browser = {
  readonly isSecureContext: boolean;
  readonly userAgent: string;
  readonly touchPoints: number;
  readonly mediaDevices: object | undefined;
  readonly videoCodecs: readonly { readonly mimeType: string }[] | undefined;
  readonly hasWebRtc: boolean;
};

export function abilitiesOf(browser: Browser): Abilities {
  const { isSecureContext, mediaDevices, videoCodecs, hasWebRtc } = browser;
  return {
    family: familyOf(browser.userAgent),
    platform: platformOf(browser),
    isSecure: isSecureContext,
    hasWebRtc,
    hasCamera: mediaDevices !== undefined && 'getUserMedia' in mediaDevices,
    hasScreen: mediaDevices !== undefined && 'getDisplayMedia' in mediaDevices,
    hasH264: videoCodecs?.some(({ mimeType }) => /\/h264$/i.test(mimeType)),
  };
}

/** What can be shown of the screen, and whether it is heard; undefined where nothing can. */
export function screenWords({ family, hasScreen, platform }: Abilities): string | undefined {
  if (!hasScreen) return undefined;
  if (family !== 'chromium') {
    return 'This browser shows the screen or a window, without its sound. Chrome and Edge can send the sound too.';
  }
  if (platform === 'windows') {
    return 'You can show the screen, a window or a tab. Sound goes along with a tab or the whole screen: tick the box in the window that opens. A single window has none.';
  }
  return 'You can show the screen, a window or a tab. Sound goes along with a tab: tick the box in the window that opens. A window or the whole screen may have none.';
}

/** Why the screen cannot be shown, where it cannot. */
export function noScreenWords({ platform }: Abilities): string {
  return platform === 'android' || platform === 'ios'
    ? 'Browsers on phones and tablets cannot show the screen to a page. Use a computer for that.'
    : 'This browser cannot show the screen to a page. Use Chrome, Edge, Firefox or Safari.';
}

/** How to let the page use camera and microphone, after they were refused. */
export function permissionWords({ family, platform }: Abilities): readonly string[] {
  if (platform === 'ios') {
    return [
      'Tap the page’s menu beside the address (aA, or the three dots), then Website Settings.',
      'Set Camera and Microphone to Allow, and reload the page.',
    ];
  }
  if (platform === 'android') {
    return [
      'Tap the symbol to the left of the address, then Permissions.',
      'Allow Camera and Microphone, and reload the page. If they are missing there, allow them to the browser in the phone’s settings.',
    ];
  }
  const system =
    platform === 'mac'
      ? 'If that is so already: System Settings, Privacy & Security, Camera and Microphone, and switch this browser on.'
      : 'If that is so already, allow the camera to apps in the privacy settings of the system.';
  return [...BY_FAMILY[family], system];
}

const BY_FAMILY: Readonly<Record<Family, readonly string[]>> = {
  chromium: [
    'Click the symbol to the left of the address.',
    'Switch Camera and Microphone on, and reload the page.',
  ],
  firefox: [
    'Click the crossed-out camera to the left of the address.',
    'Remove the block of camera and microphone, and reload the page.',
  ],
  safari: [
    'In the menu: Safari, Settings for this website.',
    'Set Camera and Microphone to Allow, and reload the page.',
  ],
  other: [
    'Open the settings of this page, mostly by the symbol beside the address.',
    'Allow camera and microphone, and reload the page.',
  ],
};

function familyOf(userAgent: string): Family {
  if (/Firefox\//.test(userAgent)) return 'firefox';
  if (/Chrom(e|ium)\//.test(userAgent)) return 'chromium';
  return /Safari\//.test(userAgent) ? 'safari' : 'other';
}

function platformOf({ userAgent, touchPoints }: Browser): Platform {
  // An iPad says that it is a Mac, which has no touch screen.
  if (/iPhone|iPad|iPod/.test(userAgent)) return 'ios';
  if (/Macintosh/.test(userAgent)) return touchPoints > 1 ? 'ios' : 'mac';
  if (/Android/.test(userAgent)) return 'android';
  if (/Windows/.test(userAgent)) return 'windows';
  return /Linux|X11|CrOS/.test(userAgent) ? 'linux' : 'other';
}
