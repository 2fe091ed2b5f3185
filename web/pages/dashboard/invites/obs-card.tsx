import { Trash2, Upload } from 'lucide';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ObsZipResponse } from '../../../../src/api/packs.ts';
import { api } from '../../../parts/api.ts';
import { upload } from '../../../parts/transfer.ts';
import { bytes, dateTime } from '../../../parts/words.ts';
import { Button } from '../../../ui/button.tsx';
import { Card, Facts, Notice } from '../../../ui/card.tsx';
import { Meter } from '../../../ui/meter.tsx';
import { toast } from '../../../ui/toasts.tsx';
import { Loaded, useAnswer } from '../../../ui/use-answer.tsx';
import { confirmAndTell } from '../../../ui/work.ts';

const ZIP = 'application/zip';

/** OBS for guests: uploaded once, it is in the packs that they download. */
export function ObsCard({ mayChange }: { readonly mayChange: boolean }) {
  const asked = useAnswer(() => api.get<ObsZipResponse>('/obs-zip'));
  return (
    <Card
      title="OBS for your guests"
      lead="Upload OBS for Windows once, and guests get it ready to start: unpack, double-click, stream."
    >
      <Loaded asked={asked}>
        {({ obs, bytesMax }) => (
          <>
            {obs === null ? (
              <p class="soft">
                There is none yet: guests unpack their pack over an OBS of their own. Get OBS from
                its releases on GitHub as a ZIP for Windows x64, not as an installer, of at most{' '}
                {bytes(bytesMax)}.
              </p>
            ) : (
              <Facts
                of={[
                  ['Size', bytes(obs.bytes)],
                  ['In a pack', `${bytes(obs.bytes - obs.browserBytes)} without browser sources`],
                  ['Uploaded', dateTime(obs.uploaded)],
                ]}
              />
            )}
            {mayChange && <Change hasOne={obs !== null} onChange={asked.reload} />}
          </>
        )}
      </Loaded>
    </Card>
  );
}

type Sending = { readonly bytes: number; readonly total: number };

function Change({ hasOne, onChange }: { readonly hasOne: boolean; readonly onChange: () => void }) {
  const input = useRef<HTMLInputElement>(null);
  const stop = useRef(new AbortController());
  const [sending, setSending] = useState<Sending | undefined>(undefined);
  const [trouble, setTrouble] = useState<string | undefined>(undefined);
  useEffect(() => () => stop.current.abort(), []);
  const send = async (file: File) => {
    const mine = new AbortController();
    stop.current = mine;
    setTrouble(undefined);
    setSending({ bytes: 0, total: file.size });
    const onProgress = (done: number) => setSending({ bytes: done, total: file.size });
    const options = { onProgress, signal: mine.signal };
    const answer = await upload<ObsZipResponse>('/obs-zip', file, ZIP, options);
    if (stop.current !== mine) return;
    setSending(undefined);
    if (mine.signal.aborted) return;
    if (!answer.ok) return setTrouble(answer.message);
    toast('OBS is uploaded: packs for guests can hold it from now on.');
    onChange();
  };
  return (
    <div class="manage-stack">
      {trouble !== undefined && <Notice tone="error">{trouble}</Notice>}
      <input
        ref={input}
        type="file"
        accept=".zip,application/zip"
        hidden
        aria-label="OBS for Windows as a ZIP"
        onChange={(event) => {
          const [file] = event.currentTarget.files ?? [];
          event.currentTarget.value = '';
          if (file !== undefined) void send(file);
        }}
      />
      {sending === undefined ? (
        <div class="ui-buttons">
          <Button icon={Upload} onClick={() => input.current?.click()}>
            {hasOne ? 'Upload a newer one' : 'Upload OBS'}
          </Button>
          {hasOne && (
            <Button kind="danger" icon={Trash2} onClick={() => void remove(onChange)}>
              Remove
            </Button>
          )}
        </div>
      ) : (
        <>
          <Meter
            label={sending.bytes < sending.total ? 'Uploading' : 'Looking at it'}
            value={sending.bytes}
            max={sending.total}
            text={`${bytes(sending.bytes)} of ${bytes(sending.total)}`}
          />
          <div class="ui-buttons">
            <Button onClick={() => stop.current.abort()}>Cancel</Button>
          </div>
        </>
      )}
    </div>
  );
}

async function remove(onChange: () => void): Promise<void> {
  const wasTried = await confirmAndTell({
    title: 'Remove OBS?',
    text: 'Packs are without OBS from now on. Those that were downloaded stay as they are.',
    action: 'Remove OBS',
    ask: () => api.delete('/obs-zip'),
    done: 'Removed OBS.',
  });
  if (wasTried) onChange();
}
