import { Ban, Plus, SquareTerminal } from 'lucide';
import { useState } from 'preact/hooks';
import type { MadeToken, TokenInfo, TokensResponse } from '../../../../src/api/access.ts';
import { ago, until } from '../../../parts/ago.ts';
import { api, part } from '../../../parts/api.ts';
import type { Person } from '../../../parts/session.ts';
import { dateTime } from '../../../parts/words.ts';
import { Badge, StatusBadge } from '../../../ui/badge.tsx';
import { Button } from '../../../ui/button.tsx';
import { EmptyState, Notice } from '../../../ui/card.tsx';
import { CopyField } from '../../../ui/copy-field.tsx';
import { Dialog } from '../../../ui/dialog.tsx';
import { type Column, Table } from '../../../ui/table.tsx';
import { Loaded, useAnswer } from '../../../ui/use-answer.tsx';
import { confirmAndTell } from '../../../ui/work.ts';
import { standingOf } from '../common/expiry.ts';
import { Past } from '../common/past.tsx';
import { NewToken } from './new-token.tsx';

/** What programs show in the place of an account. */
export function Tokens({ me }: { readonly me: Person }) {
  const asked = useAnswer(() => api.get<TokensResponse>('/tokens'));
  const [isMaking, setMaking] = useState(false);
  const [made, setMade] = useState<MadeToken | undefined>(undefined);
  const add = (
    <Button kind="primary" icon={Plus} onClick={() => setMaking(true)}>
      Make a token
    </Button>
  );
  return (
    <div class="manage-stack">
      <Loaded asked={asked}>
        {({ tokens }) => <TokenLists tokens={tokens} add={add} onChange={asked.reload} />}
      </Loaded>
      {isMaking && (
        <NewToken
          me={me}
          onClose={() => setMaking(false)}
          onMade={(token) => {
            setMaking(false);
            setMade(token);
            asked.reload();
          }}
        />
      )}
      {made !== undefined && <MadeDialog made={made} onClose={() => setMade(undefined)} />}
    </div>
  );
}

function TokenLists({
  tokens,
  add,
  onChange,
}: {
  readonly tokens: readonly TokenInfo[];
  readonly add: preact.ComponentChild;
  readonly onChange: () => void;
}) {
  const nowMs = Date.now();
  const good = tokens.filter((token) => standingOf(token, nowMs) === 'good');
  const past = tokens.filter((token) => standingOf(token, nowMs) !== 'good');
  return (
    <>
      {good.length === 0 ? (
        <EmptyState icon={SquareTerminal} title="No API token yet" action={add}>
          Programs show a token where people sign in: a monitor that reads metrics, a bot that makes
          links. Give each its own, with what it needs and no more.
        </EmptyState>
      ) : (
        <>
          <div class="ui-buttons">{add}</div>
          <Table
            caption="Tokens that are good"
            columns={columnsOf(nowMs, onChange)}
            rows={good}
            keyOf={({ id }) => id}
          />
        </>
      )}
      <Past items={past} what="token">
        {(latest) => (
          <Table
            caption="Tokens that are no longer good"
            columns={[
              nameColumn,
              { title: 'State', cell: (token) => <StatusBadge of={standingOf(token, nowMs)} /> },
              {
                title: 'Since',
                cell: ({ revoked, expires }) => dateTime(revoked ?? expires ?? ''),
              },
            ]}
            rows={latest}
            keyOf={({ id }) => id}
          />
        )}
      </Past>
    </>
  );
}

const nameColumn: Column<TokenInfo> = {
  title: 'Token',
  cell: ({ name, scopes }) => (
    <div class="manage-scopes">
      <span class="manage-name">{name}</span>
      <span class="ui-buttons">
        {scopes.map((scope) => (
          <Badge key={scope}>{scope}</Badge>
        ))}
      </span>
    </div>
  ),
};

function columnsOf(nowMs: number, onChange: () => void): Column<TokenInfo>[] {
  return [
    nameColumn,
    { title: 'Last used', cell: ({ lastUsed }) => ago(lastUsed, nowMs) },
    { title: 'Ends', cell: ({ expires }) => until(expires, nowMs) },
    {
      title: 'Actions',
      kind: 'actions',
      cell: (token) => (
        <Button
          kind="danger"
          icon={Ban}
          label={`Revoke ${token.name}`}
          onClick={() => void revoke(token, onChange)}
        >
          Revoke
        </Button>
      ),
    },
  ];
}

async function revoke({ id, name }: TokenInfo, onChange: () => void): Promise<void> {
  const wasTried = await confirmAndTell({
    title: `Revoke “${name}”?`,
    text: 'The program that shows it is refused from now on.',
    action: 'Revoke the token',
    ask: () => api.delete(`/tokens/${part(id)}`),
    done: `Revoked “${name}”.`,
  });
  if (wasTried) onChange();
}

function MadeDialog({
  made: { token, secret },
  onClose,
}: {
  readonly made: MadeToken;
  readonly onClose: () => void;
}) {
  return (
    <Dialog
      title={`The token “${token.name}”`}
      onClose={onClose}
      actions={
        <Button kind="primary" onClick={onClose}>
          I have copied it
        </Button>
      }
    >
      <Notice tone="warning">
        Copy the token now: it is kept as a hash, so nobody can show it again.
      </Notice>
      <CopyField
        label="API token"
        value={secret}
        secret
        help="Programs send it in the header “Authorization”, behind the word Bearer."
      />
    </Dialog>
  );
}
