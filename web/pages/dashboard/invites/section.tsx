import '../common/manage.css';
import { Mail, Plus } from 'lucide';
import { useState } from 'preact/hooks';
import type { InviteInfo, InvitesResponse, MadeInvite } from '../../../../src/api/guests.ts';
import { api } from '../../../parts/api.ts';
import { Button } from '../../../ui/button.tsx';
import { EmptyState } from '../../../ui/card.tsx';
import { Loaded, useAnswer } from '../../../ui/use-answer.tsx';
import { Connection } from '../common/connection.tsx';
import { standingOf } from '../common/expiry.ts';
import { Past } from '../common/past.tsx';
import { useLive } from '../common/use-live.ts';
import type { SectionProps } from '../sections.ts';
import { InviteTable } from './invite-table.tsx';
import { MadeInviteDialog } from './made-invite.tsx';
import { NewInvite } from './new-invite.tsx';
import { ObsCard } from './obs-card.tsx';
import { PackDialog } from './pack-dialog.tsx';

/** Who was asked to stream, and came or did not. */
export function Section({ may }: SectionProps) {
  const asked = useAnswer(() => api.get<InvitesResponse>('/invites'));
  const connection = useLive({ refresh: asked.reload });
  const [isMaking, setMaking] = useState(false);
  const [packed, setPacked] = useState<InviteInfo | undefined>(undefined);
  const [made, setMade] = useState<MadeInvite | undefined>(undefined);
  const add = (
    <Button kind="primary" icon={Plus} onClick={() => setMaking(true)}>
      Invite somebody
    </Button>
  );
  return (
    <div class="manage-stack">
      <Connection state={connection} />
      <Loaded asked={asked}>
        {({ invites }) => (
          <Lists invites={invites} add={add} onChange={asked.reload} onPack={setPacked} />
        )}
      </Loaded>
      <ObsCard mayChange={may('apps')} />
      {isMaking && (
        <NewInvite
          onClose={() => setMaking(false)}
          onMade={(invite) => {
            setMaking(false);
            setMade(invite);
            asked.reload();
          }}
        />
      )}
      {packed !== undefined && <PackDialog invite={packed} onClose={() => setPacked(undefined)} />}
      {made !== undefined && <MadeInviteDialog made={made} onClose={() => setMade(undefined)} />}
    </div>
  );
}

function Lists({
  invites,
  add,
  onChange,
  onPack,
}: {
  readonly invites: InvitesResponse['invites'];
  readonly add: preact.ComponentChild;
  readonly onChange: () => void;
  readonly onPack: (invite: InviteInfo) => void;
}) {
  const nowMs = Date.now();
  // The latest first: who was just invited is who is looked for.
  const latest = invites.toReversed();
  const good = latest.filter((invite) => standingOf(invite, nowMs) === 'good');
  const past = latest.filter((invite) => standingOf(invite, nowMs) !== 'good');
  return (
    <>
      {good.length === 0 ? (
        <EmptyState icon={Mail} title="Nobody is invited now" action={add}>
          An invite is a link. Whoever opens it streams from the browser or with OBS, without an
          account, to the streams that you choose.
        </EmptyState>
      ) : (
        <>
          <div class="ui-buttons">{add}</div>
          <InviteTable
            caption="Invites that are good"
            invites={good}
            nowMs={nowMs}
            ways={{ onChange, onPack }}
          />
        </>
      )}
      <Past items={past} what="invite">
        {(ended) => (
          <InviteTable
            caption="Invites that are no longer good"
            invites={ended}
            nowMs={nowMs}
            ways={undefined}
          />
        )}
      </Past>
    </>
  );
}
