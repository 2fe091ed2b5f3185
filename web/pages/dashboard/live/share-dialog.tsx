import { CopyField } from '../../../ui/copy-field.tsx';
import { Dialog } from '../../../ui/dialog.tsx';
import { Qr } from '../../../ui/qr.tsx';

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
  return (
    <Dialog title={`Share ${name}`} onClose={onClose} wide>
      <div class="share">
        <div class="share-fields">
          <CopyField label="Watch link" value={watch} />
          <CopyField
            label="HTML for a page of yours"
            value={`<script src="${url}/player.js"></script>\n<millrace-player src="/${name}"></millrace-player>`}
          />
          <CopyField
            label="OBS browser source"
            value={`${watch}?controls=0&cards=0&background=transparent`}
          />
        </div>
        <Qr text={watch} label={`QR code of the watch link of ${name}`} />
      </div>
    </Dialog>
  );
}
