import { useState } from 'preact/hooks';
import type { ShortLinkInfo, ShortLinksResponse } from '../../../../src/api/watch.ts';
import { api } from '../../../parts/api.ts';
import { Button } from '../../../ui/button.tsx';
import { CopyField } from '../../../ui/copy-field.tsx';
import { toast } from '../../../ui/toasts.tsx';
import { useAnswer } from '../../../ui/use-answer.tsx';

/** A link that can be read out. Who may not make links sees none. */
export function ShortLink({ name, url }: { readonly name: string; readonly url: string }) {
  const asked = useAnswer(() => api.get<ShortLinksResponse>('/short-links'));
  const [isBusy, setBusy] = useState(false);
  if (asked.value === undefined) return null;
  const known = asked.value.links.find(({ stream }) => stream === name);
  if (known !== undefined) return <CopyField label="Short link" value={`${url}/~${known.name}`} />;
  const make = async () => {
    setBusy(true);
    const made = await api.post<ShortLinkInfo>('/short-links', { stream: name });
    setBusy(false);
    if (made.ok) asked.reload();
    else toast(made.message, 'error');
  };
  return (
    <div>
      <Button busy={isBusy} onClick={() => void make()}>
        Make a short link
      </Button>
    </div>
  );
}
