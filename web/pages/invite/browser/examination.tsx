import { Card } from '../../../ui/card.tsx';
import { Doctor } from '../../../ui/doctor.tsx';
import { entrance, slot } from '../guest.ts';
import { bitrateOf, type Quality } from './quality.ts';
import { broadcast, sources } from './studio.ts';

/** What the server sees of the test or of the picture that is live, with what to do about it. */
export function Examination() {
  const mode = broadcast.mode.value;
  const { value } = entrance;
  const stream = mode === 'test' && value.phase === 'in' ? value.guest.test : slot.value?.stream;
  const isRefused = broadcast.state.value.phase === 'refused';
  if (mode === 'off' || isRefused || stream === undefined) return null;
  const isScreen = sources.picture.value === 'screen';
  return (
    <Card title="What arrives at the server">
      <Doctor
        source={{ kind: 'guest', slot: stream }}
        wish={wishOf(broadcast.quality.value, isScreen)}
      />
    </Card>
  );
}

/** A screen has the size that it has, and nothing moves on it for long. */
function wishOf(quality: Quality, isScreen: boolean) {
  const height = Number(quality.height);
  return {
    videoBps: isScreen ? undefined : bitrateOf(quality),
    width: isScreen ? undefined : Math.round((height * 16) / 9),
    height: isScreen ? undefined : height,
    fps: isScreen ? undefined : Number(quality.rate),
  };
}
