import '../common/manage.css';
import { useState } from 'preact/hooks';
import { Tabs } from '../../../ui/tabs.tsx';
import type { SectionProps } from '../sections.ts';
import { Keys } from './keys.tsx';
import { Links } from './links.tsx';
import { ShortLinks } from './short-links.tsx';

type Tab = 'keys' | 'links' | 'short';

/** Stream keys, which let people publish, view links, which let them watch, and short links, which let them find it. */
export function Section({ may }: SectionProps) {
  const [tab, setTab] = useState<Tab>('keys');
  const keys = { id: 'keys', label: 'Stream keys', content: () => <Keys /> } as const;
  const links = { id: 'links', label: 'View links', content: () => <Links /> } as const;
  const short = { id: 'short', label: 'Short links', content: () => <ShortLinks /> } as const;
  const tabs = [...(may('keys') ? [keys] : []), ...(may('links') ? [links, short] : [])];
  return <Tabs<Tab> label="Keys and links" tabs={tabs} selected={tab} onSelect={setTab} />;
}
