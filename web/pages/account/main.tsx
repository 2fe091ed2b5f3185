/** The page `/account`: one's own password, second factor, and where one is signed in. */
import { render } from 'preact';
import { goToSignIn, type Person, readSession } from '../../parts/session.ts';
import { Button } from '../../ui/button.tsx';
import { Notice } from '../../ui/card.tsx';
import { PageShell } from '../../ui/page-shell.tsx';
import { Account } from './account.tsx';

const place = document.getElementById('page') as HTMLElement;

void start();

async function start(): Promise<void> {
  const session = await readSession();
  if (!session.ok) return render(<Unreachable message={session.message} />, place);
  const { person } = session.value;
  if (person === null) return goToSignIn();
  render(<Page person={person} />, place);
}

function Page({ person }: { readonly person: Person }) {
  const hasDashboard = person.scopes.includes('streams.read');
  return (
    <PageShell
      title="Your account"
      lead={`You are signed in as ${person.name}, ${person.role} of this server.`}
      actions={hasDashboard && <Button href="/dashboard">Dashboard</Button>}
      width="narrow"
      person={person}
    >
      <Account />
    </PageShell>
  );
}

function Unreachable({ message }: { readonly message: string }) {
  return (
    <PageShell title="Your account" width="narrow">
      <Notice tone="error" action={<Button onClick={() => location.reload()}>Try again</Button>}>
        {message}
      </Notice>
    </PageShell>
  );
}
