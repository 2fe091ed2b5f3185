import { LogOut } from 'lucide';
import type { SignInInfo } from '../../../src/api/account.ts';
import { ago } from '../../parts/ago.ts';
import { api, part } from '../../parts/api.ts';
import { dateTime } from '../../parts/words.ts';
import { Badge } from '../../ui/badge.tsx';
import { Button } from '../../ui/button.tsx';
import { Card } from '../../ui/card.tsx';
import { List } from '../../ui/table.tsx';
import { toast } from '../../ui/toasts.tsx';
import { confirmAndTell } from '../../ui/work.ts';
import { browserName } from './browser-name.ts';

type Props = { readonly sessions: readonly SignInInfo[]; readonly onChange: () => void };

/** Every browser in which the account is open. */
export function SignIns({ sessions, onChange }: Props) {
  const hasOthers = sessions.some(({ isThis }) => !isThis);
  const endOthers = async () => {
    const wasTried = await confirmAndTell({
      title: 'Sign out everywhere else?',
      text: 'What is watched there with your account ends. Here you stay signed in.',
      action: 'Sign out everywhere else',
      ask: () => api.delete('/account/sessions'),
      done: 'You are signed out everywhere else.',
    });
    if (wasTried) onChange();
  };
  return (
    <Card
      title="Where you are signed in"
      lead="A browser that is not used for 30 days is signed out by itself."
      actions={
        <>
          {hasOthers && (
            <Button kind="danger" onClick={() => void endOthers()}>
              Sign out everywhere else
            </Button>
          )}
          <Button icon={LogOut} onClick={() => void signOut()}>
            Sign out here
          </Button>
        </>
      }
    >
      <List label="Where you are signed in" items={sessions} keyOf={({ id }) => id}>
        {(session) => <Place session={session} onChange={onChange} />}
      </List>
    </Card>
  );
}

function Place({
  session: { id, isThis, userAgent, address, created, seen },
  onChange,
}: {
  readonly session: SignInInfo;
  readonly onChange: () => void;
}) {
  const name = browserName(userAgent);
  const end = async () => {
    const wasTried = await confirmAndTell({
      title: `Sign out of ${name}?`,
      text: `It was signed in from ${address}. What is watched there with your account ends.`,
      action: 'Sign out there',
      ask: () => api.delete(`/account/sessions/${part(id)}`),
      done: `${name} is signed out.`,
    });
    if (wasTried) onChange();
  };
  return (
    <div class="account-place">
      <div>
        <p>
          {name} {isThis && <Badge tone="good">Here</Badge>}
        </p>
        <p class="small soft">
          {address}, since {dateTime(created)}
          {!isThis && `, last used ${ago(seen, Date.now())}`}
        </p>
      </div>
      {!isThis && (
        <Button kind="quiet" label={`Sign out there: ${name}`} onClick={() => void end()}>
          Sign out there
        </Button>
      )}
    </div>
  );
}

async function signOut(): Promise<void> {
  const answer = await api.post('/logout');
  if (answer.ok) location.replace('/');
  else toast(answer.message, 'error');
}
