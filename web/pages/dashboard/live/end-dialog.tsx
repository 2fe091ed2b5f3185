import { useState } from 'preact/hooks';
import { api } from '../../../parts/api.ts';
import { Button } from '../../../ui/button.tsx';
import { Notice } from '../../../ui/card.tsx';
import { Dialog } from '../../../ui/dialog.tsx';
import { Select } from '../../../ui/field.tsx';
import { toast } from '../../../ui/toasts.tsx';

const TEXTS = {
  publisher:
    'Its viewers wait, and see it again if it returns. Encoders come back by themselves after some seconds: to keep this one out, keep its address out for a while, or revoke its key.',
  guest:
    'Its viewers wait, and see it again if it returns. The guest’s page says that you ended it, and can go live again; his OBS does so by itself. To keep the guest out, revoke the invite.',
  viewer:
    'Players come back by themselves: to keep this one out, keep its address out for a while. Then nobody at that address can watch or publish.',
  demo: 'The demo’s clip starts again with the server.',
} as const;

const BANS = [
  { value: '0', label: 'Do not keep it out' },
  { value: '600', label: 'For 10 minutes' },
  { value: '3600', label: 'For an hour' },
  { value: '86400', label: 'For a day' },
] as const;
type Ban = (typeof BANS)[number]['value'];

/** Ends a publisher or a viewer, and keeps the address out where that is wanted. */
export function EndDialog({
  title,
  path,
  what,
  onDone,
  onClose,
}: {
  readonly title: string;
  /** What to DELETE. */
  readonly path: string;
  readonly what: keyof typeof TEXTS;
  readonly onDone: () => void;
  readonly onClose: () => void;
}) {
  const [ban, setBan] = useState<Ban>('0');
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | undefined>(undefined);
  const end = async () => {
    setBusy(true);
    const answer = await api.delete(path, ban === '0' ? {} : { query: { ban } });
    setBusy(false);
    if (!answer.ok) return setTrouble(answer.message);
    toast(what === 'viewer' ? 'Sent away.' : 'Ended.');
    onDone();
    onClose();
  };
  return (
    <Dialog
      title={title}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="danger" busy={busy} onClick={() => void end()}>
            {what === 'viewer' ? 'Send away' : 'End the stream'}
          </Button>
        </>
      }
    >
      <p>{TEXTS[what]}</p>
      {what !== 'demo' && (
        <Select label="Keep the address out" value={ban} options={BANS} onChange={setBan} />
      )}
      {trouble && <Notice tone="error">{trouble}</Notice>}
    </Dialog>
  );
}
