import { Monitor, MonitorOff } from 'lucide';
import { bitrate } from '../../../parts/words.ts';
import { Button } from '../../../ui/button.tsx';
import { Card } from '../../../ui/card.tsx';
import { Select, Switch } from '../../../ui/field.tsx';
import { noScreenWords, screenWords } from './abilities.ts';
import type { DeviceKind } from './devices.ts';
import {
  BITRATES,
  type Bitrate,
  bitrateOf,
  canHaveTwoSizes,
  HEIGHTS,
  type Quality,
  RATES,
} from './quality.ts';
import { abilities, broadcast, sources } from './studio.ts';

const OFF = '';

/** Which devices, and how well. Everything can be changed while live. */
export function Settings() {
  return (
    <>
      <Card title="Picture and sound">
        <DeviceSelect kind="camera" label="Camera" none="No camera" />
        <DeviceSelect kind="microphone" label="Microphone" none={undefined} />
        <Switch
          label="Mute the microphone"
          checked={sources.isMuted.value}
          onChange={(isMuted) => sources.mute(isMuted)}
        />
        <ScreenShare />
      </Card>
      <QualityCard />
    </>
  );
}

function DeviceSelect({
  kind,
  label,
  none,
}: {
  readonly kind: DeviceKind;
  readonly label: string;
  /** Undefined where there has to be one. */
  readonly none: string | undefined;
}) {
  const devices = sources.devices.value[kind];
  const used = sources.used.value[kind];
  const value = devices.some(({ id }) => id === used) ? (used ?? OFF) : OFF;
  const nothing = none ?? (devices.length === 0 ? 'None is there' : 'None is in use');
  const options = [
    ...devices.map(({ id, label: name }) => ({ value: id, label: name })),
    ...(none !== undefined || value === OFF ? [{ value: OFF, label: nothing }] : []),
  ];
  return (
    <Select
      label={label}
      value={value}
      options={options}
      onChange={(id) => {
        if (id !== OFF) void sources.pick(kind, id);
        else if (kind === 'camera') sources.turnCameraOff();
      }}
    />
  );
}

function ScreenShare() {
  const words = screenWords(abilities);
  if (words === undefined) return <p class="small soft">{noScreenWords(abilities)}</p>;
  const isShown = sources.picture.value === 'screen';
  return (
    <div class="stack-small">
      <div>
        {isShown ? (
          <Button icon={MonitorOff} onClick={() => sources.stopScreen()}>
            Show the screen no longer
          </Button>
        ) : (
          <Button icon={Monitor} onClick={() => void sources.shareScreen()}>
            Show your screen or a window
          </Button>
        )}
      </div>
      <p class="small soft">{isShown ? heard(sources.hasScreenSound.value) : words}</p>
    </div>
  );
}

function heard(hasSound: boolean): string {
  return hasSound
    ? 'Its sound goes along, together with your microphone.'
    : 'Without its sound: your microphone is what is heard.';
}

const HEIGHT_WORDS = {
  '360': '640 × 360',
  '540': '960 × 540',
  '720': '1280 × 720',
  '1080': '1920 × 1080',
};

function QualityCard() {
  const quality = broadcast.quality.value;
  const set = (change: Partial<Quality>) => broadcast.setQuality({ ...quality, ...change });
  const isSending = broadcast.mode.value !== 'off';
  return (
    <Card title="Quality">
      <div class="row-of-two">
        <Select
          label="Resolution"
          value={quality.height}
          options={HEIGHTS.map((value) => ({ value, label: HEIGHT_WORDS[value] }))}
          onChange={(height) => set({ height })}
        />
        <Select
          label="Frames per second"
          value={quality.rate}
          options={RATES.map((value) => ({ value, label: value }))}
          onChange={(rate) => set({ rate })}
        />
      </div>
      <Select<Bitrate>
        label="Bit rate"
        value={quality.bitrate}
        options={[
          {
            value: 'auto',
            label: `What fits: ${bitrate(bitrateOf({ ...quality, bitrate: 'auto' }))}`,
          },
          ...BITRATES.map((value) => ({ value, label: bitrate(Number(value)) })),
        ]}
        help="Your upload has to carry a third more than this."
        onChange={(value) => set({ bitrate: value })}
      />
      <Select
        label="Sound"
        value={quality.sound}
        options={[
          { value: 'voice', label: 'Voice: without echo and noise' },
          { value: 'music', label: 'Music: as it is, in stereo' },
        ]}
        onChange={(sound) => set({ sound })}
      />
      {quality.sound === 'music' && (
        <p class="small soft">Wear headphones: nothing takes the echo out of music.</p>
      )}
      {canHaveTwoSizes(quality) && (
        <Switch
          label="Also send a small picture"
          checked={quality.twoSizes}
          help={
            isSending
              ? 'For viewers with little bandwidth. Holds from the next start on.'
              : 'For viewers with little bandwidth. Costs a fifth more upload.'
          }
          onChange={(twoSizes) => set({ twoSizes })}
        />
      )}
    </Card>
  );
}
