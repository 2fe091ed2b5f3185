import type { MadeInvite } from '../../../../src/api/guests.ts';
import { siteFor } from '../../../parts/site.ts';
import { Button } from '../../../ui/button.tsx';
import { Notice } from '../../../ui/card.tsx';
import { CopyField } from '../../../ui/copy-field.tsx';
import { Dialog } from '../../../ui/dialog.tsx';
import { Qr } from '../../../ui/qr.tsx';

/** The link as others reach it; the server may know no more than that it is itself, or nothing of the proxy before it. */
function linkFor(url: string): string {
  const { origin, hash } = new URL(url);
  const site = siteFor(origin, location.origin);
  const best = location.protocol === 'https:' && site.startsWith('http:') ? location.origin : site;
  return `${best}/invite${hash}`;
}

/** The link, once. */
export function MadeInviteDialog({
  made: { invite, url },
  onClose,
}: {
  readonly made: MadeInvite;
  readonly onClose: () => void;
}) {
  const link = linkFor(url);
  return (
    <Dialog
      title={`The invite of “${invite.name}”`}
      onClose={onClose}
      actions={
        <Button kind="primary" onClick={onClose}>
          I have copied it
        </Button>
      }
    >
      <Notice tone="warning">
        Copy the link now: it is kept as a hash, so nobody can show it again. Whoever has it can
        stream as this guest, so send it to nobody else.
      </Notice>
      {link.startsWith('http:') && (
        <Notice>
          This server has no HTTPS yet. Over plain HTTP browsers give a page no camera: your guest
          can stream with OBS, and from the browser once there is HTTPS.
        </Notice>
      )}
      <CopyField
        label="Invite link"
        value={link}
        help="Previews in chats neither see nor use it up. It opens on a phone as well:"
      />
      <Qr text={link} label={`QR code of the invite of “${invite.name}”`} />
    </Dialog>
  );
}
