/** The page `/dashboard`: what runs here, for the people who run it. */
import { render } from 'preact';
import { goToSignIn, type Person, readSession } from '../../parts/session.ts';
import { Button } from '../../ui/button.tsx';
import { Notice } from '../../ui/card.tsx';
import { PageShell } from '../../ui/page-shell.tsx';
import { Dashboard } from './dashboard.tsx';
import { sectionsFor } from './sections.ts';

const place = document.getElementById('page') as HTMLElement;

void start();

async function start(): Promise<void> {
  const session = await readSession();
  if (!session.ok) return show(<Unreachable message={session.message} />);
  const { person } = session.value;
  if (person === null) return goToSignIn();
  if (sectionsFor(person).length === 0) return show(<NotForThem person={person} />);
  show(<Dashboard person={person} />);
}

function show(content: preact.ComponentChild): void {
  render(content, place);
}

function Unreachable({ message }: { readonly message: string }) {
  return (
    <PageShell title="Dashboard" width="narrow">
      <Notice tone="error" action={<Button onClick={() => location.reload()}>Try again</Button>}>
        {message}
      </Notice>
    </PageShell>
  );
}

function NotForThem({ person }: { readonly person: Person }) {
  return (
    <PageShell title="Dashboard" width="narrow" person={person}>
      <Notice action={<Button href="/">See what is live</Button>}>
        The dashboard is for owners and producers. Your account is a {person.role}’s: ask the owner
        for another role.
      </Notice>
    </PageShell>
  );
}
