import type { MadeLink } from '../../../../src/api/access.ts';
import { shareable } from '../../../parts/site.ts';
import { Button } from '../../../ui/button.tsx';
import { CopyField } from '../../../ui/copy-field.tsx';
import { Dialog } from '../../../ui/dialog.tsx';
import { Qr } from '../../../ui/qr.tsx';

/** What to send; a link for more than one stream goes behind the address of each. */
export function LinkDialog({
  made: { link, token, url: made },
  onClose,
}: {
  readonly made: MadeLink;
  readonly onClose: () => void;
}) {
  const url = made === null ? null : shareable(made, location.origin);
  return (
    <Dialog
      title={`The link “${link.name}”`}
      onClose={onClose}
      actions={
        <Button kind="primary" onClick={onClose}>
          Done
        </Button>
      }
    >
      {url === null ? (
        <CopyField
          label="Behind each address"
          value={`?link=${token}`}
          help="This link is for more than one stream: put it behind the address of the watch page, as in https://…/show/slot-1?link=…"
        />
      ) : (
        <>
          <CopyField
            label="View link"
            value={url}
            help="Who opens it may watch. You find it here again until it is revoked."
          />
          <Qr text={url} label={`QR code of the link “${link.name}”`} />
        </>
      )}
    </Dialog>
  );
}
