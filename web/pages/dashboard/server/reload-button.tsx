import { RefreshCw } from 'lucide';
import { useState } from 'preact/hooks';
import type { ReloadOutcome } from '../../../../src/api/server.ts';
import { api } from '../../../parts/api.ts';
import { Button } from '../../../ui/button.tsx';
import { Notice } from '../../../ui/card.tsx';
import { reloadWords } from './reload-words.ts';

type Told = { readonly tone: 'good' | 'warning' | 'error'; readonly words: string };

/** Has the server read its configuration file again, and says what came of it. */
export function ReloadButton() {
  const [busy, setBusy] = useState(false);
  const [told, setTold] = useState<Told | undefined>(undefined);
  const reload = async () => {
    setBusy(true);
    const answer = await api.post<ReloadOutcome>('/server/reload');
    setBusy(false);
    if (!answer.ok) return setTold({ tone: 'error', words: answer.message });
    const tone = answer.value.needRestart.length > 0 ? 'warning' : 'good';
    setTold({ tone, words: reloadWords(answer.value) });
  };
  return (
    <>
      <div class="ui-buttons">
        <Button icon={RefreshCw} busy={busy} onClick={() => void reload()}>
          Read the configuration again
        </Button>
      </div>
      <div role="status">{told && <Notice tone={told.tone}>{told.words}</Notice>}</div>
    </>
  );
}
