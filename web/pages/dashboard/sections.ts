/** The dashboard's sections: each a folder, loaded when it is first looked at. A new one is its folder and its row here. */
import { BellRing, KeyRound, LayoutGrid, Mail, RadioTower, Server, Users } from 'lucide';
import type { ComponentType } from 'preact';
import type { Person } from '../../parts/session.ts';
import type { IconNode } from '../../ui/icon.tsx';

type Scope = Person['scopes'][number];

/** What every section gets; it has the page's width, below a heading that is there already. */
export type SectionProps = {
  readonly person: Person;
  /** Whether who looks may do that: what nobody may do is not shown. */
  readonly may: (scope: Scope) => boolean;
};

export type Section = {
  /** The part behind the # of the address. */
  readonly id: string;
  readonly label: string;
  /** One sentence below the heading. */
  readonly lead: string;
  readonly icon: IconNode;
  /** Who lacks it does not see the section. */
  readonly needs: Scope;
  readonly load: () => Promise<{ readonly Section: ComponentType<SectionProps> }>;
};

export const SECTIONS: readonly Section[] = [
  {
    id: 'live',
    label: 'Live',
    lead: 'What is on, who sends it, and who watches.',
    icon: RadioTower,
    needs: 'streams.read',
    load: () => import('./live/section.tsx'),
  },
  {
    id: 'apps',
    label: 'Apps',
    lead: 'Who may publish and watch what, and the addresses of every stream.',
    icon: LayoutGrid,
    needs: 'streams.read',
    load: () => import('./apps/section.tsx'),
  },
  {
    id: 'keys',
    label: 'Keys',
    lead: 'Stream keys let people publish, view links let them watch.',
    icon: KeyRound,
    needs: 'keys',
    load: () => import('./keys/section.tsx'),
  },
  {
    id: 'invites',
    label: 'Invites',
    lead: 'Links for people whom you ask to stream: no account, no settings.',
    icon: Mail,
    needs: 'keys',
    load: () => import('./invites/section.tsx'),
  },
  {
    id: 'people',
    label: 'People',
    lead: 'Who has an account, which programs may do what, and who is kept out.',
    icon: Users,
    needs: 'streams.read',
    load: () => import('./people/section.tsx'),
  },
  {
    id: 'notify',
    label: 'Notifications',
    lead: 'Who is told what happens here: channels of Discord, and programs of yours.',
    icon: BellRing,
    needs: 'hooks',
    load: () => import('./notify/section.tsx'),
  },
  {
    id: 'server',
    label: 'Server',
    lead: 'How the machine does, and what happened.',
    icon: Server,
    needs: 'streams.read',
    load: () => import('./server/section.tsx'),
  },
];

/** Those that a person sees. */
export function sectionsFor(person: Person): readonly Section[] {
  return SECTIONS.filter(({ needs }) => person.scopes.includes(needs));
}

/** The section that an address asks for, else the first. */
export function sectionOf(hash: string, sections: readonly Section[]): Section | undefined {
  return sections.find(({ id }) => hash === `#${id}`) ?? sections[0];
}
