/** The page `/plan`: what an event needs of a server. Anybody may open it; nothing that is typed goes anywhere. */
import { render } from 'preact';
import { useState } from 'preact/hooks';
import { type Person, readSession } from '../../parts/session.ts';
import { PageShell } from '../../ui/page-shell.tsx';
import { Planner } from './planner.tsx';

const place = document.getElementById('page') as HTMLElement;

void start();

async function start(): Promise<void> {
  const session = await readSession();
  // The arithmetic needs no server.
  render(<Page person={session.ok ? session.value.person : undefined} />, place);
}

function Page({ person }: { readonly person: Person | null | undefined }) {
  // As the address says it at first: it follows the form from then on.
  const [search] = useState(location.search);
  return (
    <PageShell
      title="Bandwidth planner"
      lead="A picture is never made smaller here: each viewer gets the streamer’s bits. So what an event takes is arithmetic, and on most hosts it is the transit of the month that ends first."
      person={person}
    >
      <Planner search={search} maySeeLive={person?.scopes.includes('streams.read') === true} />
    </PageShell>
  );
}
