/** Cameras and microphones: their names, which one is meant, and which one was used last. */

export type DeviceKind = 'camera' | 'microphone';
export type Device = { readonly id: string; readonly label: string };
export type Devices = Readonly<Record<DeviceKind, readonly Device[]>>;

const KINDS: Readonly<Partial<Record<MediaDeviceKind, DeviceKind>>> = {
  videoinput: 'camera',
  audioinput: 'microphone',
};
const WORDS: Readonly<Record<DeviceKind, string>> = { camera: 'Camera', microphone: 'Microphone' };

/** Browsers tell no names, and no ids, before they were allowed to. */
export function devicesOf(
  infos: readonly Pick<MediaDeviceInfo, 'kind' | 'deviceId' | 'label'>[],
): Devices {
  const found: Record<DeviceKind, Device[]> = { camera: [], microphone: [] };
  for (const { kind, deviceId, label } of infos) {
    const ours = KINDS[kind];
    // Chromium lists what the system calls default and communications beside the device that it is.
    if (ours === undefined || deviceId === 'communications' || deviceId === '') continue;
    const list = found[ours];
    list.push({ id: deviceId, label: label || `${WORDS[ours]} ${list.length + 1}` });
  }
  return found;
}

/** The one that is wanted where it is there, else the first. */
export function choose(list: readonly Device[], wanted: string | undefined): Device | undefined {
  return list.find(({ id }) => id === wanted) ?? list[0];
}

/** Where the last choice is kept: names of devices that mean nothing outside of this browser and this site. */
export class DeviceMemory {
  readonly #storage: Pick<Storage, 'getItem' | 'setItem'> | undefined;

  constructor(storage: Pick<Storage, 'getItem' | 'setItem'> | undefined) {
    this.#storage = storage;
  }

  last(kind: DeviceKind): string | undefined {
    try {
      return this.#storage?.getItem(`millrace-${kind}`) ?? undefined;
    } catch {
      return undefined; // a browser that keeps nothing
    }
  }

  keep(kind: DeviceKind, id: string): void {
    try {
      this.#storage?.setItem(`millrace-${kind}`, id);
    } catch {
      // It is chosen again next time.
    }
  }
}
