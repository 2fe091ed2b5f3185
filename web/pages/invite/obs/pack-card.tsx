import type { GuestInfo, GuestProtocol } from '../../../../src/api/guests.ts';
import type { PackOffer } from '../../../../src/api/packs.ts';
import { api } from '../../../parts/api.ts';
import { Card } from '../../../ui/card.tsx';
import type { SelectOption } from '../../../ui/field.tsx';
import { PackDownload } from '../../../ui/pack-download.tsx';
import { Loaded, useAnswer } from '../../../ui/use-answer.tsx';

const LEAD =
  'A ZIP with the right settings, your own key, two scenes to begin with, and a page that says what to do.';

/** On other systems a portable OBS for Windows is of no use; who is to stream from another computer chooses. */
const IS_WINDOWS = navigator.userAgent.includes('Windows');

/** OBS made ready for this guest, to download. */
export function PackCard({
  guest,
  protocols,
}: {
  readonly guest: GuestInfo;
  readonly protocols: readonly SelectOption<GuestProtocol>[];
}) {
  const asked = useAnswer(() => api.get<PackOffer>('/guest/pack'));
  return (
    <Card title="OBS made ready for you" lead={LEAD}>
      <Loaded asked={asked}>
        {(offer) => (
          <PackDownload
            path="/guest/pack"
            offer={offer}
            protocols={protocols}
            first={IS_WINDOWS ? undefined : 'profile'}
          >
            {guest.slots.length > 1
              ? 'In it are profiles for each of your places, and one for a test that nobody sees. '
              : 'In it are a profile to stream with, and one for a test that nobody sees. '}
            It holds a key of your own: like a password, for nobody else. One that you downloaded
            before goes out of use as soon as no OBS streams with it.
          </PackDownload>
        )}
      </Loaded>
    </Card>
  );
}
