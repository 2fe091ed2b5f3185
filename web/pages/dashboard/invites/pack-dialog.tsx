import type { GuestProtocol, InviteInfo } from '../../../../src/api/guests.ts';
import type { ObsZipResponse, PackOffer } from '../../../../src/api/packs.ts';
import { api, part } from '../../../parts/api.ts';
import { Button } from '../../../ui/button.tsx';
import { Dialog } from '../../../ui/dialog.tsx';
import type { SelectOption } from '../../../ui/field.tsx';
import { PackDownload } from '../../../ui/pack-download.tsx';
import { Loaded, useAnswer } from '../../../ui/use-answer.tsx';

const PROTOCOLS: readonly SelectOption<GuestProtocol>[] = [
  { value: 'whip', label: 'WHIP: the quickest' },
  { value: 'rtmp', label: 'RTMP: survives a bad line' },
];

/** A guest's pack, to hand over in another way than by the guest's own page. */
export function PackDialog({
  invite: { id, name },
  onClose,
}: {
  readonly invite: InviteInfo;
  readonly onClose: () => void;
}) {
  const asked = useAnswer(() => api.get<ObsZipResponse>('/obs-zip'));
  return (
    <Dialog
      title={`OBS made ready for “${name}”`}
      onClose={onClose}
      actions={<Button onClick={onClose}>Close</Button>}
    >
      <Loaded asked={asked}>
        {({ obs }) => (
          <PackDownload
            path={`/invites/${part(id)}/pack`}
            offer={offerOf(obs)}
            protocols={PROTOCOLS}
          >
            The guest gets the same on the page of the invite. It holds keys of the guest’s own:
            like a password, for nobody else. Those of a pack from before go out of use as soon as
            no OBS streams with them.
          </PackDownload>
        )}
      </Loaded>
    </Dialog>
  );
}

function offerOf(obs: ObsZipResponse['obs']): PackOffer {
  if (obs === null) return { complete: null };
  const { bytes, browserBytes } = obs;
  return { complete: { bytes: bytes - browserBytes, browserBytes } };
}
