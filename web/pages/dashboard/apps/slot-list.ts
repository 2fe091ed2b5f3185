import type { AppInfo, SlotInfo } from '../../../../src/api/access.ts';

export type Slot = {
  /** Without the app. */
  readonly stream: string;
  readonly label: string;
  /** Listed under the app's `slots`, where there are no labels, rather than one by one. */
  readonly isInSettings: boolean;
};

/** Both lists in one, by name. */
export function slotsOf(
  { settings }: Pick<AppInfo, 'settings'>,
  slots: readonly SlotInfo[],
): Slot[] {
  const declared = slots.map(({ name, label }) => ({
    stream: name.slice(name.indexOf('/') + 1),
    label,
    isInSettings: false,
  }));
  const listed = ((settings['slots'] ?? []) as readonly string[])
    .filter((stream) => declared.every((one) => one.stream !== stream))
    .map((stream) => ({ stream, label: '', isInSettings: true }));
  return [...listed, ...declared].sort((one, other) =>
    one.stream.localeCompare(other.stream, undefined, { numeric: true }),
  );
}
