import { Ban, KeyRound, Plus } from 'lucide';
import { useState } from 'preact/hooks';
import type { KeyInfo, KeysResponse, MadeKey } from '../../../../src/api/access.ts';
import { ago, until } from '../../../parts/ago.ts';
import { api, part } from '../../../parts/api.ts';
import { dateTime } from '../../../parts/words.ts';
import { StatusBadge } from '../../../ui/badge.tsx';
import { Button } from '../../../ui/button.tsx';
import { EmptyState } from '../../../ui/card.tsx';
import { type Column, LongTable, Table } from '../../../ui/table.tsx';
import { Loaded, useAnswer } from '../../../ui/use-answer.tsx';
import { confirmAndTell } from '../../../ui/work.ts';
import { standingOf } from '../common/expiry.ts';
import { Past } from '../common/past.tsx';
import { sayTarget } from '../common/target.ts';
import { MadeKeyDialog } from './made-key.tsx';
import { NewKey } from './new-key.tsx';

const PROTOCOLS: Readonly<Record<string, string>> = { rtmp: 'RTMP', whip: 'WHIP' };

/** Who may publish: each key once for each of them, so that one can be taken back alone. */
export function Keys() {
  const asked = useAnswer(() => api.get<KeysResponse>('/keys'));
  const [isMaking, setMaking] = useState(false);
  const [made, setMade] = useState<MadeKey | undefined>(undefined);
  const add = (
    <Button kind="primary" icon={Plus} onClick={() => setMaking(true)}>
      Make a key
    </Button>
  );
  return (
    <div class="manage-stack">
      <p class="soft">
        Who has a stream key may publish with it. Give each of your streamers one of their own, so
        that you can take it back alone.
      </p>
      <Loaded asked={asked}>
        {({ keys }) => <KeyLists keys={keys} add={add} onChange={asked.reload} />}
      </Loaded>
      {isMaking && (
        <NewKey
          onClose={() => setMaking(false)}
          onMade={(key) => {
            setMaking(false);
            setMade(key);
            asked.reload();
          }}
        />
      )}
      {made !== undefined && <MadeKeyDialog made={made} onClose={() => setMade(undefined)} />}
    </div>
  );
}

function KeyLists({
  keys,
  add,
  onChange,
}: {
  readonly keys: readonly KeyInfo[];
  readonly add: preact.ComponentChild;
  readonly onChange: () => void;
}) {
  const nowMs = Date.now();
  const good = keys.filter((key) => standingOf(key, nowMs) === 'good');
  const past = keys.filter((key) => standingOf(key, nowMs) !== 'good');
  return (
    <>
      {good.length === 0 ? (
        <EmptyState icon={KeyRound} title="No key is good now" action={add}>
          Nobody can publish where a key is asked for. Make one, and give it to who is to publish.
        </EmptyState>
      ) : (
        <>
          <div class="ui-buttons">{add}</div>
          <LongTable
            caption="Keys that are good"
            columns={columnsOf(nowMs, onChange)}
            rows={good}
            keyOf={({ id }) => id}
            wordsOf={({ name, target }) => `${name} ${sayTarget(target)}`}
          />
        </>
      )}
      <Past items={past} what="key">
        {(latest) => (
          <Table
            caption="Keys that are no longer good"
            columns={pastColumns(nowMs)}
            rows={latest}
            keyOf={({ id }) => id}
          />
        )}
      </Past>
    </>
  );
}

function columnsOf(nowMs: number, onChange: () => void): Column<KeyInfo>[] {
  return [
    nameColumn,
    { title: 'Where', cell: ({ addresses, protocols }) => sayWhere(addresses, protocols) },
    { title: 'Last used', cell: ({ lastUsed }) => ago(lastUsed, nowMs) },
    { title: 'Ends', cell: ({ expires }) => until(expires, nowMs) },
    {
      title: 'Actions',
      kind: 'actions',
      cell: (key) => (
        <Button
          kind="danger"
          icon={Ban}
          label={`Revoke ${key.name}`}
          onClick={() => void revoke(key, onChange)}
        >
          Revoke
        </Button>
      ),
    },
  ];
}

function pastColumns(nowMs: number): Column<KeyInfo>[] {
  return [
    nameColumn,
    { title: 'State', cell: (key) => <StatusBadge of={standingOf(key, nowMs)} /> },
    { title: 'Since', cell: ({ revoked, expires }) => dateTime(revoked ?? expires ?? '') },
    { title: 'Last used', cell: ({ lastUsed }) => ago(lastUsed, nowMs) },
  ];
}

const nameColumn: Column<KeyInfo> = {
  title: 'Key',
  cell: ({ name, target }) => (
    <>
      <span class="manage-name">{name}</span>
      <span class="manage-second">for {sayTarget(target)}</span>
    </>
  ),
};

function sayWhere(addresses: readonly string[], protocols: readonly string[]): string {
  const by =
    protocols.length === 0
      ? []
      : [`by ${protocols.map((one) => PROTOCOLS[one] ?? one).join(', ')}`];
  const from = addresses.length === 0 ? [] : [`from ${addresses.join(', ')}`];
  return [...by, ...from].join(' ') || 'anywhere';
}

async function revoke({ id, name }: KeyInfo, onChange: () => void): Promise<void> {
  const wasTried = await confirmAndTell({
    title: `Revoke “${name}”?`,
    text: 'Who publishes with it now is cut off at once. It cannot be made good again; make a new key instead.',
    action: 'Revoke the key',
    ask: () => api.delete(`/keys/${part(id)}`),
    done: `Revoked “${name}”.`,
  });
  if (wasTried) onChange();
}
