import '../common/manage.css';
import { useState } from 'preact/hooks';
import { type Tab, Tabs } from '../../../ui/tabs.tsx';
import type { SectionProps } from '../sections.ts';
import { Bans } from './bans.tsx';
import { People } from './people.tsx';
import { Tokens } from './tokens.tsx';

type Part = 'people' | 'tokens' | 'bans';

/** Who has an account, which programs may, and who is kept out. */
export function Section({ person, may }: SectionProps) {
  const parts: readonly (Tab<Part> & { readonly isShown: boolean })[] = [
    {
      id: 'people',
      label: 'Accounts',
      isShown: may('people'),
      content: () => <People me={person} />,
    },
    {
      id: 'tokens',
      label: 'API tokens',
      isShown: may('tokens'),
      content: () => <Tokens me={person} />,
    },
    {
      id: 'bans',
      label: 'Kept out',
      isShown: true,
      content: () => <Bans mayChange={may('streams.write')} />,
    },
  ];
  const tabs = parts.filter(({ isShown }) => isShown);
  const [selected, setSelected] = useState<Part>(tabs[0]?.id ?? 'bans');
  const [only] = tabs;
  if (tabs.length === 1) return <>{only?.content()}</>;
  return <Tabs<Part> label="People" tabs={tabs} selected={selected} onSelect={setSelected} />;
}
