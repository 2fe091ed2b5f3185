import { Ban, Link2, Plus } from 'lucide';
import { useState } from 'preact/hooks';
import type { LinkInfo, LinksResponse, MadeLink } from '../../../../src/api/access.ts';
import { ago, until } from '../../../parts/ago.ts';
import { api, part } from '../../../parts/api.ts';
import { dateTime } from '../../../parts/words.ts';
import { StatusBadge } from '../../../ui/badge.tsx';
import { Button } from '../../../ui/button.tsx';
import { EmptyState } from '../../../ui/card.tsx';
import { type Column, LongTable, Table } from '../../../ui/table.tsx';
import { toast } from '../../../ui/toasts.tsx';
import { Loaded, useAnswer } from '../../../ui/use-answer.tsx';
import { confirmAndTell } from '../../../ui/work.ts';
import { standingOf } from '../common/expiry.ts';
import { Past } from '../common/past.tsx';
import { sayTarget } from '../common/target.ts';
import { LinkDialog } from './link-dialog.tsx';
import { NewLink } from './new-link.tsx';

export const BOUNDS: Readonly<Record<LinkInfo['bound'], string>> = {
  free: 'everybody who has it',
  session: 'one player at a time',
  address: 'the first network that comes',
};

/** Who may watch where more than the name is asked for. */
export function Links() {
  const asked = useAnswer(() => api.get<LinksResponse>('/links'));
  const [isMaking, setMaking] = useState(false);
  const [shown, setShown] = useState<MadeLink | undefined>(undefined);
  const show = async ({ id }: LinkInfo) => {
    const answer = await api.get<MadeLink>(`/links/${part(id)}`);
    if (answer.ok) setShown(answer.value);
    else toast(answer.message, 'error');
  };
  const add = (
    <Button kind="primary" icon={Plus} onClick={() => setMaking(true)}>
      Make a link
    </Button>
  );
  return (
    <div class="manage-stack">
      <p class="soft">
        A view link lets people watch an app whose viewers need a link or a password. Each can be
        taken back alone.
      </p>
      <Loaded asked={asked}>
        {({ links }) => (
          <LinkLists
            links={links}
            add={add}
            onShow={(link) => void show(link)}
            onChange={asked.reload}
          />
        )}
      </Loaded>
      {isMaking && (
        <NewLink
          onClose={() => setMaking(false)}
          onMade={(link) => {
            setMaking(false);
            setShown(link);
            asked.reload();
          }}
        />
      )}
      {shown !== undefined && <LinkDialog made={shown} onClose={() => setShown(undefined)} />}
    </div>
  );
}

type ListProps = {
  readonly links: readonly LinkInfo[];
  readonly add: preact.ComponentChild;
  readonly onShow: (link: LinkInfo) => void;
  readonly onChange: () => void;
};

function LinkLists({ links, add, onShow, onChange }: ListProps) {
  const nowMs = Date.now();
  const good = links.filter((link) => standingOf(link, nowMs) === 'good');
  const past = links.filter((link) => standingOf(link, nowMs) !== 'good');
  return (
    <>
      {good.length === 0 ? (
        <EmptyState icon={Link2} title="No view link yet" action={add}>
          Apps that are open to whoever knows the address need none. Set “Who may watch” of an app
          to “Who has a view link” first, and make a link for each of your audiences.
        </EmptyState>
      ) : (
        <>
          <div class="ui-buttons">{add}</div>
          <LongTable
            caption="Links that are good"
            columns={columnsOf(nowMs, onShow, onChange)}
            rows={good}
            keyOf={({ id }) => id}
            wordsOf={({ name, target }) => `${name} ${sayTarget(target)}`}
          />
        </>
      )}
      <Past items={past} what="link">
        {(latest) => (
          <Table
            caption="Links that are no longer good"
            columns={pastColumns(nowMs)}
            rows={latest}
            keyOf={({ id }) => id}
          />
        )}
      </Past>
    </>
  );
}

function columnsOf(
  nowMs: number,
  onShow: ListProps['onShow'],
  onChange: () => void,
): Column<LinkInfo>[] {
  return [
    nameColumn,
    { title: 'Lets in', cell: ({ bound }) => BOUNDS[bound] },
    { title: 'Last used', cell: ({ lastUsed }) => ago(lastUsed, nowMs) },
    { title: 'Ends', cell: ({ expires }) => until(expires, nowMs) },
    {
      title: 'Actions',
      kind: 'actions',
      cell: (link) => (
        <div class="ui-buttons">
          <Button icon={Link2} label={`Show ${link.name}`} onClick={() => onShow(link)}>
            Show
          </Button>
          <Button
            kind="danger"
            icon={Ban}
            label={`Revoke ${link.name}`}
            onClick={() => void revoke(link, onChange)}
          >
            Revoke
          </Button>
        </div>
      ),
    },
  ];
}

function pastColumns(nowMs: number): Column<LinkInfo>[] {
  return [
    nameColumn,
    { title: 'State', cell: (link) => <StatusBadge of={standingOf(link, nowMs)} /> },
    { title: 'Since', cell: ({ revoked, expires }) => dateTime(revoked ?? expires ?? '') },
    { title: 'Last used', cell: ({ lastUsed }) => ago(lastUsed, nowMs) },
  ];
}

const nameColumn: Column<LinkInfo> = {
  title: 'Link',
  cell: ({ name, target }) => (
    <>
      <span class="manage-name">{name}</span>
      <span class="manage-second">for {sayTarget(target)}</span>
    </>
  ),
};

async function revoke({ id, name }: LinkInfo, onChange: () => void): Promise<void> {
  const wasTried = await confirmAndTell({
    title: `Revoke “${name}”?`,
    text: 'Who watches by it is cut off at once, and it lets nobody in any more.',
    action: 'Revoke the link',
    ask: () => api.delete(`/links/${part(id)}`),
    done: `Revoked “${name}”.`,
  });
  if (wasTried) onChange();
}
