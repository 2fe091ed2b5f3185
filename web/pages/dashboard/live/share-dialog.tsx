import type { AppInfo } from '../../../../src/api/access.ts';
import { api } from '../../../parts/api.ts';
import { frameSnippet, scriptSnippet } from '../../../parts/watch/snippets.ts';
import { Button } from '../../../ui/button.tsx';
import { Notice } from '../../../ui/card.tsx';
import { CopyField } from '../../../ui/copy-field.tsx';
import { Dialog } from '../../../ui/dialog.tsx';
import { Qr } from '../../../ui/qr.tsx';
import { useAnswer } from '../../../ui/use-answer.tsx';
import { ShortLink } from './short-link.tsx';
import { linkNote } from './words.ts';

/** Where a stream is watched, to copy and to show to a phone. */
export function ShareDialog({
  name,
  url,
  onClose,
}: {
  readonly name: string;
  readonly url: string;
  readonly onClose: () => void;
}) {
  const watch = `${url}/${name}`;
  const embed = `${url}/embed/${name}`;
  return (
    <Dialog title={`Share ${name}`} onClose={onClose} wide>
      <WhoMay app={name.split('/')[0] ?? ''} />
      <div class="share">
        <div class="share-fields">
          <CopyField label="Watch link" value={watch} />
          <ShortLink name={name} url={url} />
          <CopyField
            label="OBS browser source"
            value={`${watch}?controls=0&cards=0&background=transparent`}
          />
          <CopyField
            label="HTML of a frame, for a page of yours"
            value={frameSnippet(embed, name)}
          />
          <CopyField label="HTML of the player itself" value={scriptSnippet(url, name)} />
        </div>
        <Qr text={watch} label={`QR code of the watch link of ${name}`} />
      </div>
    </Dialog>
  );
}

/** Where the link alone is not enough. */
function WhoMay({ app }: { readonly app: string }) {
  const asked = useAnswer(() => api.get<AppInfo>(`/apps/${app}`));
  const viewing = asked.value?.settings['viewing'];
  const note = linkNote(viewing);
  if (note === undefined) return null;
  const action =
    viewing === 'link' ? { action: <Button href="#keys">Make a view link</Button> } : {};
  return <Notice {...action}>{note}</Notice>;
}
