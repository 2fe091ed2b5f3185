import type { ComponentType } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Person } from '../../parts/session.ts';
import { Button } from '../../ui/button.tsx';
import { Notice } from '../../ui/card.tsx';
import { PageShell } from '../../ui/page-shell.tsx';
import { type Section, type SectionProps, sectionOf, sectionsFor } from './sections.ts';

/** The shell and the section that the address asks for. */
export function Dashboard({ person }: { readonly person: Person }) {
  const sections = sectionsFor(person);
  const hash = useHash();
  const section = sectionOf(hash, sections);
  const shown = useRef(section);
  useEffect(() => {
    if (shown.current !== section) beginAnew();
    shown.current = section;
  }, [section]);
  useEffect(() => {
    if (section !== undefined) document.title = `${section.label} · Dashboard · Millrace`;
  }, [section]);
  if (section === undefined) return null;
  return (
    <PageShell
      title={section.label}
      lead={section.lead}
      nav={sections.map(({ id, label, icon }) => ({ href: `#${id}`, label, icon }))}
      current={`#${section.id}`}
      person={person}
      width="wide"
    >
      <Lazy key={section.id} section={section} person={person} />
    </PageShell>
  );
}

/** `failed`: the connection was lost, or the server has another version than this page. */
type Loading = 'loading' | 'failed' | { readonly Content: ComponentType<SectionProps> };

function Lazy({ section, person }: { readonly section: Section; readonly person: Person }) {
  const [loading, setLoading] = useState<Loading>('loading');
  useEffect(() => {
    let isWanted = true;
    section.load().then(
      ({ Section }) => isWanted && setLoading({ Content: Section }),
      () => isWanted && setLoading('failed'),
    );
    return () => {
      isWanted = false;
    };
  }, [section]);
  if (loading === 'loading') return null;
  if (loading === 'failed') {
    return (
      <Notice
        tone="error"
        action={<Button onClick={() => location.reload()}>Load the page again</Button>}
      >
        This part of the page could not be loaded: the connection was lost, or the server has a
        newer version of it.
      </Notice>
    );
  }
  const { Content } = loading;
  return <Content person={person} may={(scope) => person.scopes.includes(scope)} />;
}

function useHash(): string {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const look = () => setHash(location.hash);
    addEventListener('hashchange', look);
    return () => removeEventListener('hashchange', look);
  }, []);
  return hash;
}

/** As a browser does with a new page: from its top, and there with the keyboard as well. */
function beginAnew(): void {
  scrollTo(0, 0);
  document.getElementById('main')?.focus({ preventScroll: true });
}
