import '../common/manage.css';
import { useState } from 'preact/hooks';
import { Tabs } from '../../../ui/tabs.tsx';
import type { SectionProps } from '../sections.ts';
import { Keys } from './keys.tsx';
import { Links } from './links.tsx';

type Tab = 'keys' | 'links';

/** Stream keys, which let people publish, and view links, which let them watch. */
export function Section({ may }: SectionProps) {
  const [tab, setTab] = useState<Tab>('keys');
  const keys = { id: 'keys', label: 'Stream keys', content: () => <Keys /> } as const;
  const links = { id: 'links', label: 'View links', content: () => <Links /> } as const;
  const tabs = [...(may('keys') ? [keys] : []), ...(may('links') ? [links] : [])];
  return <Tabs<Tab> label="Keys and links" tabs={tabs} selected={tab} onSelect={setTab} />;
}
