import { KeyRound } from 'lucide';
import { useEffect, useState } from 'preact/hooks';
import type {
  GuestInfo,
  GuestProtocol,
  GuestSlot,
  MadeGuestKey,
} from '../../../../src/api/guests.ts';
import { api } from '../../../parts/api.ts';
import { Badge } from '../../../ui/badge.tsx';
import { Button } from '../../../ui/button.tsx';
import { Card, Facts, Notice } from '../../../ui/card.tsx';
import { CopyField } from '../../../ui/copy-field.tsx';
import { Doctor } from '../../../ui/doctor.tsx';
import { Select } from '../../../ui/field.tsx';
import { YourLine } from '../your-line.tsx';
import { PackCard } from './pack-card.tsx';

type Where = 'live' | 'test';

/** What to type into OBS, with a key of the guest's own. */
export function ObsPanel({ slot, guest }: { readonly slot: GuestSlot; readonly guest: GuestInfo }) {
  const [protocol, setProtocol] = useState<GuestProtocol>(slot.protocols[0] ?? 'whip');
  const [where, setWhere] = useState<Where>('live');
  const offered = slot.protocols.filter((one) => one !== 'rtmp' || guest.server.rtmpPort !== null);
  if (offered.length === 0) {
    return <Notice tone="warning">This place takes no OBS. Stream from the browser.</Notice>;
  }
  const stream = where === 'test' ? guest.test : slot.stream;
  return (
    <div class="obs">
      <PackCard
        guest={guest}
        protocols={offered.map((value) => ({ value, label: PROTOCOLS[value] }))}
      />
      <Card
        title="What to type into OBS yourself"
        lead={LEADS[protocol]}
        badge={slot.live && !slot.mine ? <Badge tone="live">Live now</Badge> : undefined}
      >
        <div class="row-of-two">
          <Select
            label="Protocol"
            value={protocol}
            options={offered.map((value) => ({ value, label: PROTOCOLS[value] }))}
            onChange={setProtocol}
          />
          <Select
            label="For"
            value={where}
            options={[
              { value: 'live', label: slot.label || slot.stream },
              { value: 'test', label: 'A test that nobody sees' },
            ]}
            onChange={setWhere}
          />
        </div>
        <Fields key={`${protocol} ${where} ${slot.stream}`} protocol={protocol} stream={stream} />
      </Card>
      <Card
        title="What arrives at the server"
        lead="Start streaming in OBS, and look here what to mend."
      >
        <Doctor source={{ kind: 'guest', slot: stream }} />
      </Card>
      <Card title="How OBS should send" lead="In Settings, Output, with Output Mode “Advanced”.">
        <Facts of={SETTINGS[protocol]} />
      </Card>
      <YourLine test={guest.test} />
    </div>
  );
}

const PROTOCOLS: Readonly<Record<GuestProtocol, string>> = {
  whip: 'WHIP: quickest, from OBS 30 on',
  rtmp: 'RTMP: every OBS and program',
};

const LEADS: Readonly<Record<GuestProtocol, string>> = {
  whip: 'In OBS: Settings, Stream. Set Service to WHIP, and put these in.',
  rtmp: 'In OBS: Settings, Stream. Set Service to Custom…, and put these in.',
};
const COMMON = [
  ['Rate Control', 'CBR'],
  ['Bitrate', '2500 Kbps, or what your upload carries'],
  ['Keyframe Interval', '1 s'],
  ['Tune', 'zerolatency'],
  ['B-frames', '0 (x264: bframes=0)'],
] as const;
const SETTINGS: Readonly<
  Record<GuestProtocol, readonly (readonly [name: string, value: string])[]>
> = {
  whip: [...COMMON, ['Audio Encoder', 'Opus']],
  rtmp: [...COMMON, ['Audio Encoder', 'AAC']],
};

/** The key is made when it is asked for: one that nobody sees is one that nobody has to take back. */
function Fields({
  protocol,
  stream,
}: {
  readonly protocol: GuestProtocol;
  readonly stream: string;
}) {
  const [made, setMade] = useState<MadeGuestKey | undefined>(undefined);
  const [trouble, setTrouble] = useState<string | undefined>(undefined);
  const [isBusy, setBusy] = useState(false);
  useEffect(() => () => setMade(undefined), []);
  const make = async () => {
    setBusy(true);
    const answer = await api.post<MadeGuestKey>('/guest/keys', { slot: stream, protocol });
    setBusy(false);
    setTrouble(answer.ok ? undefined : answer.message);
    if (answer.ok) setMade(answer.value);
  };
  return (
    <div class="stack">
      {trouble !== undefined && <Notice tone="error">{trouble}</Notice>}
      {made === undefined ? (
        <>
          <p class="soft">
            You get a key of your own. One that you had for this before goes out of use as soon as
            no OBS streams with it.
          </p>
          <div>
            <Button kind="primary" icon={KeyRound} busy={isBusy} onClick={() => void make()}>
              Show the fields
            </Button>
          </div>
        </>
      ) : (
        <>
          <CopyField label="Server" value={made.server} />
          <CopyField
            label={protocol === 'whip' ? 'Bearer Token' : 'Stream Key'}
            value={made.key}
            secret
            help="Like a password: show it to nobody. It is not shown again after you leave this page."
          />
        </>
      )}
    </div>
  );
}
