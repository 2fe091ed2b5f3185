import { Forward, Plus, Trash2 } from 'lucide';
import { useState } from 'preact/hooks';
import type { ShortLinkInfo, ShortLinksResponse } from '../../../../src/api/watch.ts';
import { ago } from '../../../parts/ago.ts';
import { api, part } from '../../../parts/api.ts';
import { Button } from '../../../ui/button.tsx';
import { EmptyState } from '../../../ui/card.tsx';
import { CopyButton } from '../../../ui/copy-field.tsx';
import { type Column, LongTable } from '../../../ui/table.tsx';
import { Loaded, useAnswer } from '../../../ui/use-answer.tsx';
import { confirmAndTell } from '../../../ui/work.ts';
import { NewShortLink } from './new-short-link.tsx';

/** Addresses to read out; they open nothing that the long ones do not. */
export function ShortLinks() {
  const asked = useAnswer(() => api.get<ShortLinksResponse>('/short-links'));
  const [isMaking, setMaking] = useState(false);
  const add = (
    <Button kind="primary" icon={Plus} onClick={() => setMaking(true)}>
      Make a short link
    </Button>
  );
  return (
    <div class="manage-stack">
      <p class="soft">
        A short link leads to where a stream is watched, and can be read out. It opens nothing: who
        needs a view link or a password needs it here too.
      </p>
      <Loaded asked={asked}>
        {({ links }) =>
          links.length === 0 ? (
            <EmptyState icon={Forward} title="No short link yet" action={add}>
              Make one for a stream whose address is to be said on stage or printed on a card.
            </EmptyState>
          ) : (
            <>
              <div class="ui-buttons">{add}</div>
              <LongTable
                caption="Short links"
                columns={columnsOf(asked.reload)}
                rows={links}
                keyOf={({ name }) => name}
                wordsOf={({ name, stream }) => `${name} ${stream}`}
              />
            </>
          )
        }
      </Loaded>
      {isMaking && (
        <NewShortLink
          onClose={() => setMaking(false)}
          onMade={() => {
            setMaking(false);
            asked.reload();
          }}
        />
      )}
    </div>
  );
}

function columnsOf(onChange: () => void): Column<ShortLinkInfo>[] {
  const nowMs = Date.now();
  return [
    {
      title: 'Short link',
      cell: ({ url, stream }) => (
        <>
          <span class="manage-name">{url}</span>
          <span class="manage-second">to {stream}</span>
        </>
      ),
    },
    { title: 'Made', cell: ({ created }) => ago(created, nowMs) },
    {
      title: 'Actions',
      kind: 'actions',
      cell: (link) => (
        <div class="ui-buttons">
          <CopyButton what="short link" value={link.url} label={`Copy ${link.name}`}>
            Copy
          </CopyButton>
          <Button
            kind="danger"
            icon={Trash2}
            label={`Remove ${link.name}`}
            onClick={() => void remove(link, onChange)}
          >
            Remove
          </Button>
        </div>
      ),
    },
  ];
}

async function remove({ name, url }: ShortLinkInfo, onChange: () => void): Promise<void> {
  const wasTried = await confirmAndTell({
    title: `Remove ${name}?`,
    text: `${url} leads nowhere then, wherever it was printed. The stream stays as it is.`,
    action: 'Remove',
    ask: () => api.delete(`/short-links/${part(name)}`),
    done: `Removed ${name}.`,
  });
  if (wasTried) onChange();
}
