import './poster.css';
import { useState } from 'preact/hooks';
import type { WatchInfo } from '../../../../src/api/watch.ts';
import { api, part } from '../../../parts/api.ts';
import { jpegOf } from '../../../parts/picture-file.ts';
import { Button } from '../../../ui/button.tsx';
import { Notice } from '../../../ui/card.tsx';
import { Dialog } from '../../../ui/dialog.tsx';
import { FieldFrame } from '../../../ui/field.tsx';
import { Loaded, useAnswer } from '../../../ui/use-answer.tsx';

const CANNOT_READ =
  'Your browser cannot read this file as a picture. Choose a JPEG, a PNG or a WebP.';
const NOT_SENT = 'The server did not take the picture. Try again.';

/** The picture of a stream for while it is not live. */
export function PosterDialog({
  app,
  stream,
  onClose,
}: {
  readonly app: string;
  readonly stream: string;
  readonly onClose: () => void;
}) {
  const name = `${app}/${stream}`;
  const path = `/streams/${part(app)}/${part(stream)}/poster`;
  const asked = useAnswer(() => api.get<WatchInfo>(`/watch/${part(app)}/${part(stream)}`));
  const [trouble, setTrouble] = useState<string | undefined>(undefined);
  const change = async (work: Promise<string | undefined>) => {
    setTrouble(await work);
    asked.reload();
  };
  const remove = async () => {
    const answer = await api.delete(path);
    return answer.ok ? undefined : answer.message;
  };
  return (
    <Dialog title={`Poster of ${name}`} onClose={onClose}>
      {trouble !== undefined && <Notice tone="error">{trouble}</Notice>}
      <Loaded asked={asked}>
        {({ poster }) => (
          <>
            <div class="poster-picture">
              {poster === null ? 'No poster yet' : <img src={poster} alt={`Poster of ${name}`} />}
            </div>
            {poster?.includes('/poster') && (
              <div>
                <Button onClick={() => void change(remove())}>Take the poster away</Button>
              </div>
            )}
          </>
        )}
      </Loaded>
      <FieldFrame
        label="Choose a picture"
        help="Viewers see it while the stream is not live, and chats beside a link to it. It is made smaller where it is large."
      >
        {({ id, describedBy }) => (
          <input
            id={id}
            class="field poster-file"
            type="file"
            accept="image/*"
            aria-describedby={describedBy}
            onChange={(event) => {
              const [file] = event.currentTarget.files ?? [];
              if (file !== undefined) void change(send(path, file));
            }}
          />
        )}
      </FieldFrame>
    </Dialog>
  );
}

/** @returns what went wrong */
async function send(path: string, file: File): Promise<string | undefined> {
  const picture = await jpegOf(file);
  if (picture === undefined) return CANNOT_READ;
  const response = await fetch(`/api${path}`, {
    method: 'PUT',
    headers: { 'Content-Type': 'image/jpeg' },
    body: picture,
  }).catch(() => undefined);
  if (response?.ok === true) return undefined;
  const problem = (await response?.json().catch(() => undefined)) as
    | { detail?: string }
    | undefined;
  return problem?.detail ?? NOT_SENT;
}
