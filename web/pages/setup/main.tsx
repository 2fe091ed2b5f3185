/** The page `/setup`: from a server that has just been started to a first stream. Its code makes the owner's account, once. */
import { render } from 'preact';
import { goToSignIn, type Person, readSession } from '../../parts/session.ts';
import { Button } from '../../ui/button.tsx';
import { Notice } from '../../ui/card.tsx';
import { PageShell } from '../../ui/page-shell.tsx';
import { codeIn } from './steps.ts';
import { Wizard } from './wizard.tsx';

const place = document.getElementById('page') as HTMLElement;
const code = codeIn(location.hash);
// The code is in no history and no bookmark.
if (location.hash !== '') history.replaceState(null, '', '/setup');
// The address with a code, opened where this page is open already, changes nothing but the part behind the #.
addEventListener('hashchange', () => location.reload());

void start();

async function start(): Promise<void> {
  const session = await readSession();
  if (!session.ok) return show(<Unreachable message={session.message} />);
  const { person, needsOwner } = session.value;
  if (person === null) {
    return show(needsOwner ? <Wizard code={code} person={undefined} /> : <HasOwner />);
  }
  if (!person.scopes.includes('apps')) return show(<NotForThem person={person} />);
  show(<Wizard code="" person={person} />);
}

function show(content: preact.ComponentChild): void {
  render(content, place);
}

function Unreachable({ message }: { readonly message: string }) {
  return (
    <PageShell title="Set up your server" width="narrow">
      <Notice tone="error" action={<Button onClick={() => location.reload()}>Try again</Button>}>
        {message}
      </Notice>
    </PageShell>
  );
}

/** Also for a code that somebody has used already: it is good once. */
function HasOwner() {
  return (
    <PageShell title="Set up your server" width="narrow" person={null}>
      <Notice action={<Button onClick={goToSignIn}>Sign in</Button>}>
        This server has its owner already, so the code from the terminal is used up. If that was
        you, sign in. If it was not, the command “millrace user list” on the server tells who it is.
      </Notice>
    </PageShell>
  );
}

function NotForThem({ person }: { readonly person: Person }) {
  return (
    <PageShell title="Set up your server" width="narrow" person={person}>
      <Notice action={<Button href="/">See what is live</Button>}>
        The server is set up by its owner. Your account is a {person.role}’s.
      </Notice>
    </PageShell>
  );
}
