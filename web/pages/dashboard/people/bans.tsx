import { DoorOpen, ShieldCheck, ShieldX } from 'lucide';
import { useState } from 'preact/hooks';
import type { BanInfo, BansResponse } from '../../../../src/api/access.ts';
import { ago, until } from '../../../parts/ago.ts';
import { api, part } from '../../../parts/api.ts';
import { Button } from '../../../ui/button.tsx';
import { EmptyState } from '../../../ui/card.tsx';
import { Field, Select } from '../../../ui/field.tsx';
import { FormDialog } from '../../../ui/form-dialog.tsx';
import { type Column, Table } from '../../../ui/table.tsx';
import { Loaded, useAnswer } from '../../../ui/use-answer.tsx';
import { tell } from '../../../ui/work.ts';
import { BAD_TARGET, TargetField } from '../common/fields.tsx';
import { sayTarget, type Target, writeTarget } from '../common/target.ts';

/** Addresses that are kept out now. */
export function Bans({ mayChange }: { readonly mayChange: boolean }) {
  const asked = useAnswer(() => api.get<BansResponse>('/bans'));
  const [isAdding, setAdding] = useState(false);
  const add = mayChange && (
    <Button icon={ShieldX} onClick={() => setAdding(true)}>
      Keep an address out
    </Button>
  );
  return (
    <div class="manage-stack">
      <Loaded asked={asked}>
        {({ bans }) =>
          bans.length === 0 ? (
            <EmptyState icon={ShieldCheck} title="Nobody is kept out" action={add}>
              Who is kicked with a ban stands here until it is over. Encoders and players come back
              by themselves: a ban is what keeps them away.
            </EmptyState>
          ) : (
            <>
              {add && <div class="ui-buttons">{add}</div>}
              <Table
                caption="Addresses that are kept out"
                columns={columnsOf(mayChange, asked.reload)}
                rows={bans}
                keyOf={({ id }) => id}
              />
            </>
          )
        }
      </Loaded>
      {isAdding && (
        <NewBan
          onClose={() => setAdding(false)}
          onMade={() => {
            setAdding(false);
            asked.reload();
          }}
        />
      )}
    </div>
  );
}

function columnsOf(mayChange: boolean, onChange: () => void): Column<BanInfo>[] {
  const nowMs = Date.now();
  const columns: Column<BanInfo>[] = [
    {
      title: 'Address',
      cell: ({ addresses, note }) => (
        <>
          <span class="manage-name">{addresses}</span>
          {note && <span class="manage-second">{note}</span>}
        </>
      ),
    },
    { title: 'From', cell: ({ target }) => sayTarget(target) },
    { title: 'Since', cell: ({ created }) => ago(created, nowMs) },
    { title: 'Ends', cell: ({ expires }) => until(expires, nowMs) },
  ];
  if (!mayChange) return columns;
  const lift = async ({ id, addresses }: BanInfo) => {
    const isDone = await tell(api.delete(`/bans/${part(id)}`), `${addresses} may come back.`);
    if (isDone) onChange();
  };
  return [
    ...columns,
    {
      title: 'Actions',
      kind: 'actions',
      cell: (ban) => (
        <Button
          icon={DoorOpen}
          label={`Let back in: ${ban.addresses}`}
          onClick={() => void lift(ban)}
        >
          Let back in
        </Button>
      ),
    },
  ];
}

const HOUR_S = 3600;
const DAY_S = 24 * HOUR_S;
const LASTING = [
  { value: String(HOUR_S), label: 'For an hour' },
  { value: String(DAY_S), label: 'For a day' },
  { value: String(7 * DAY_S), label: 'For a week' },
  { value: String(31 * DAY_S), label: 'For 31 days' },
  { value: '', label: 'For good' },
];

function NewBan({
  onClose,
  onMade,
}: {
  readonly onClose: () => void;
  readonly onMade: () => void;
}) {
  const [addresses, setAddresses] = useState('');
  const [target, setTarget] = useState<Target>({ reach: 'all', name: '' });
  const [note, setNote] = useState('');
  const [seconds, setSeconds] = useState(String(DAY_S));
  const [wasTried, setTried] = useState(false);
  const written = writeTarget(target);
  const make = async () => {
    setTried(true);
    if (addresses.trim() === '' || written === undefined) return undefined;
    const answer = await api.post('/bans', {
      addresses: addresses.trim(),
      target: written,
      note: note.trim(),
      ...(seconds !== '' && { seconds: Number(seconds) }),
    });
    if (!answer.ok) return answer.message;
    onMade();
    return undefined;
  };
  const noAddress = wasTried && addresses.trim() === '';
  return (
    <FormDialog title="Keep an address out" submit="Keep it out" onSubmit={make} onClose={onClose}>
      <Field
        label="Address"
        help="Or a range, such as 203.0.113.0/24. Who is connected from there is sent away at once."
        value={addresses}
        onInput={setAddresses}
        placeholder="203.0.113.7"
        maxLength={64}
        error={noAddress ? 'Give an address, such as 203.0.113.7.' : undefined}
        focused
        mono
      />
      <TargetField
        value={target}
        onChange={setTarget}
        error={wasTried && written === undefined ? BAD_TARGET[target.reach] : undefined}
      />
      <Select label="For how long" value={seconds} options={LASTING} onChange={setSeconds} />
      <Field
        label="Why"
        help="For you and the other producers. May be empty."
        value={note}
        onInput={setNote}
        maxLength={100}
      />
    </FormDialog>
  );
}
