/**
 * The settings of an app in words: what each means, and how it is chosen. By the names of the configuration; a test holds them
 * against the server's own table.
 */

export type Control =
  | { readonly kind: 'choice'; readonly options: readonly Option[] }
  | { readonly kind: 'words'; readonly options: readonly Option[] }
  | { readonly kind: 'flag' }
  | { readonly kind: 'number'; readonly max: number }
  /** One of its values in each line. */
  | { readonly kind: 'lines'; readonly placeholder: string }
  | { readonly kind: 'text'; readonly placeholder: string };
export type Option = { readonly value: string; readonly label: string };

export type Setting = {
  readonly key: string;
  readonly label: string;
  readonly help: string;
  readonly control: Control;
};
export type SettingGroup = {
  readonly id: 'publish' | 'watch' | 'open' | 'media' | 'own';
  readonly title: string;
  /** Before its settings, where they need it. */
  readonly lead?: string;
  readonly settings: readonly Setting[];
};

const TRANSPORTS: readonly Option[] = [
  { value: 'tcp', label: 'TCP' },
  { value: 'udp', label: 'UDP' },
  { value: 'udptcp', label: 'UDP, and TCP where it does not get through' },
];
/** As the configuration has it: a year. */
const IDLE_HOURS_MAX = 8784;
/** An encoder gives up sooner than any longer wait would end. */
const ADMISSION_MS_MAX = 10_000;

const PUBLISH: readonly Setting[] = [
  {
    key: 'publishing',
    label: 'Who may publish',
    help: 'With “anybody”, whoever reaches the server can show what they like under your address.',
    control: {
      kind: 'choice',
      options: [
        { value: 'key', label: 'Who has a stream key' },
        { value: 'open', label: 'Anybody, without a key' },
        { value: 'closed', label: 'Nobody' },
      ],
    },
  },
  {
    key: 'streams',
    label: 'Which streams there are',
    help: 'Listed streams keep typing mistakes and invented names out.',
    control: {
      kind: 'choice',
      options: [
        { value: 'free', label: 'Any name that a publisher chooses' },
        { value: 'declared', label: 'Only those that are listed in the app' },
      ],
    },
  },
  {
    key: 'protocols',
    label: 'Served by',
    help: 'What is off is refused, with a sentence that says so.',
    control: {
      kind: 'words',
      options: [
        { value: 'rtmp', label: 'RTMP: encoders' },
        { value: 'whip', label: 'WHIP: encoders and browsers' },
        { value: 'whep', label: 'WHEP: our player and others' },
        { value: 'ovenplayer', label: 'OvenPlayer pages' },
      ],
    },
  },
];

const WATCH: readonly Setting[] = [
  {
    key: 'viewing',
    label: 'Who may watch',
    help: 'People who are signed in may always.',
    control: {
      kind: 'choice',
      options: [
        { value: 'public', label: 'Whoever knows the address' },
        { value: 'link', label: 'Who has a view link' },
        { value: 'password', label: 'Who knows the password' },
        { value: 'members', label: 'Who is signed in' },
      ],
    },
  },
  {
    key: 'viewer_count',
    label: 'Viewers see how many they are',
    help: 'On the watch page.',
    control: { kind: 'flag' },
  },
  {
    key: 'snapshots',
    label: 'Still pictures for whoever may watch',
    help: 'They are shown before the stream plays, and in previews of links.',
    control: {
      kind: 'choice',
      options: [
        { value: 'live', label: 'While the stream is live' },
        { value: 'last', label: 'Also the last one after its end' },
        { value: 'off', label: 'None' },
      ],
    },
  },
  {
    key: 'embed_origins',
    label: 'Sites that may show the streams',
    help: 'A line for each, such as “https://www.example.net”; “*” is every site. Empty: none but this server.',
    control: { kind: 'lines', placeholder: 'https://www.example.net' },
  },
];

const OPEN: readonly Setting[] = [
  {
    key: 'closed',
    label: 'Closed by hand',
    help: 'Nobody can begin to publish, and viewers are told. Who is live stays.',
    control: { kind: 'flag' },
  },
  {
    key: 'opening_hours',
    label: 'Opening hours',
    help: 'A line for each, such as “Mon-Fri 18:00-23:00” or “Sat 14:00-02:00”. Empty: always open.',
    control: { kind: 'lines', placeholder: 'Mon-Fri 18:00-23:00' },
  },
  {
    key: 'time_zone',
    label: 'Time zone of the hours',
    help: 'Such as Europe/Berlin.',
    control: { kind: 'text', placeholder: 'UTC' },
  },
  {
    key: 'close_after_idle_hours',
    label: 'Close after so many hours without anything live',
    help: 'Until you open it again. 0 is never.',
    control: { kind: 'number', max: IDLE_HOURS_MAX },
  },
];

const MEDIA: readonly Setting[] = [
  {
    key: 'viewer_transport',
    label: 'Media to viewers goes by',
    help: 'TCP gets through most networks and loses nothing; UDP has the lower delay on a bad path.',
    control: { kind: 'choice', options: TRANSPORTS },
  },
  {
    key: 'publisher_transport',
    label: 'Media from WHIP publishers comes by',
    help: 'OBS knows UDP only.',
    control: { kind: 'choice', options: TRANSPORTS },
  },
  {
    key: 'b_frames',
    label: 'B-frames, which browsers cannot show in real time',
    help: 'The best is to turn them off in the encoder.',
    control: {
      kind: 'choice',
      options: [
        { value: 'drop', label: 'Leave them out: fewer pictures, evenly shown' },
        { value: 'pass', label: 'Send them on, for players that are no browsers' },
        { value: 'refuse', label: 'End the publisher, and say which setting to change' },
      ],
    },
  },
  {
    key: 'audio_coalescing',
    label: 'Sound waits for the picture',
    help: 'Up to 33 ms, so that both leave together: saves a quarter of the CPU time for each viewer over TCP.',
    control: { kind: 'flag' },
  },
];

const OWN: readonly Setting[] = [
  {
    key: 'admission_publishing',
    label: 'Your server is asked about publishers by',
    help: 'Which of them.',
    control: {
      kind: 'words',
      options: [
        { value: 'rtmp', label: 'RTMP' },
        { value: 'webrtc', label: 'WHIP' },
      ],
    },
  },
  {
    key: 'admission_playback',
    label: 'Your server is asked about viewers by',
    help: 'WHEP, OvenPlayer and our player.',
    control: { kind: 'words', options: [{ value: 'webrtc', label: 'WebRTC' }] },
  },
  {
    key: 'admission_also_needs_key',
    label: 'Keys and links are needed as well',
    help: 'Besides your server’s yes.',
    control: { kind: 'flag' },
  },
  {
    key: 'admission_timeout_ms',
    label: 'How long your server may take, in milliseconds',
    help: 'From 100 to 10 000. One that is late lets nobody in.',
    control: { kind: 'number', max: ADMISSION_MS_MAX },
  },
  {
    key: 'signed_policy_publishing',
    label: 'A signed address is needed to publish by',
    help: 'Which publishers need one.',
    control: {
      kind: 'words',
      options: [
        { value: 'rtmp', label: 'RTMP' },
        { value: 'webrtc', label: 'WHIP' },
      ],
    },
  },
  {
    key: 'signed_policy_playback',
    label: 'A signed address is needed to watch by',
    help: 'WHEP, OvenPlayer and our player.',
    control: { kind: 'words', options: [{ value: 'webrtc', label: 'WebRTC' }] },
  },
  {
    key: 'signed_policy_parameter',
    label: 'The parameter with the policy',
    help: 'In the signed address.',
    control: { kind: 'text', placeholder: 'policy' },
  },
  {
    key: 'signed_policy_signature_parameter',
    label: 'The parameter with the signature',
    help: 'In the signed address.',
    control: { kind: 'text', placeholder: 'signature' },
  },
];

export const GROUPS: readonly SettingGroup[] = [
  { id: 'publish', title: 'Publishing', settings: PUBLISH },
  { id: 'watch', title: 'Watching', settings: WATCH },
  { id: 'open', title: 'Opening', settings: OPEN },
  { id: 'media', title: 'Media', settings: MEDIA },
  {
    id: 'own',
    title: 'Your own server',
    lead: 'For a server of yours that decides who may, and for signed addresses. Their addresses and secrets stand in the configuration (admission_url, signed_policy_secret); without them nothing here has an effect.',
    settings: OWN,
  },
];

/** How a value reads in the list of apps. */
export function sayChoice(key: string, value: unknown): string {
  const setting = GROUPS.flatMap(({ settings }) => settings).find((one) => one.key === key);
  const options = setting !== undefined && 'options' in setting.control && setting.control.options;
  return (options || []).find((option) => option.value === value)?.label ?? String(value);
}

/** As the API takes a value that was typed or chosen. */
export function typedValue({ kind }: Control, typed: string): unknown {
  if (kind === 'number') return typed.trim() === '' ? Number.NaN : Number(typed);
  if (kind !== 'lines') return typed.trim();
  return typed
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

export type Values = Readonly<Record<string, unknown>>;

/** What was changed against what holds: for PATCH. */
export function changesIn(before: Values, after: Values): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(after).filter(([key, value]) => !isSame(value, before[key])),
  );
}

/** Values are words, numbers and lists of words. */
function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** The server's sentence names the key of the configuration and what was sent: on the page that is the label, and in view. */
export function sayMistake(message: string): string {
  const [, key, mustBe] = /^(\w+) is .*\. It must be (.*)$/s.exec(message) ?? [];
  const setting = GROUPS.flatMap(({ settings }) => settings).find((one) => one.key === key);
  return setting === undefined ? message : `“${setting.label}” must be ${mustBe}`;
}
