import { MonitorUp, VideoOff } from 'lucide';
import { useEffect, useRef } from 'preact/hooks';
import { Icon } from '../../../ui/icon.tsx';
import { slot } from '../guest.ts';
import { LevelMeter } from './level-meter.tsx';
import { sendPosters } from './poster.ts';
import { broadcast, sources } from './studio.ts';

/** What the guest would send, as in a mirror where it is a face; and how loud. */
export function Preview({
  track,
  isScreen,
}: {
  readonly track: MediaStreamTrack | null;
  readonly isScreen: boolean;
}) {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const element = video.current;
    if (element === null) return;
    element.srcObject = track === null ? null : new MediaStream([track]);
    // Autoplay is for what makes a sound; a mute picture of one's own always may.
    element.play().catch(() => undefined);
    return () => {
      element.srcObject = null;
    };
  }, [track]);
  const isLive = broadcast.mode.value === 'live' && broadcast.state.value.phase === 'live';
  const stream = slot.value?.stream;
  useEffect(() => {
    if (!isLive || track === null || stream === undefined || video.current === null)
      return undefined;
    return sendPosters(video.current, stream);
  }, [isLive, track, stream]);
  return (
    <figure class={isLive ? 'preview preview-live' : 'preview'}>
      <div class="preview-picture">
        <video
          ref={video}
          class={isScreen ? '' : 'mirrored'}
          muted
          playsInline
          autoPlay
          aria-label={isScreen ? 'Your screen, as you send it' : 'Your camera, as in a mirror'}
        />
        {track === null && (
          <p class="preview-none">
            <Icon of={VideoOff} size={40} />
            {sources.audio.value === null
              ? 'No picture and no sound yet'
              : 'No picture: sound alone'}
          </p>
        )}
        {isScreen && (
          <p class="preview-hint">
            <Icon of={MonitorUp} size={16} /> Your screen
          </p>
        )}
      </div>
      <LevelMeter track={sources.audio.value} isMuted={sources.isMuted.value} />
    </figure>
  );
}
