import { Play, X } from 'lucide';
import { h } from 'preact';
import { useState } from 'preact/hooks';
import { Button } from '../../../ui/button.tsx';
import { Still } from './still.tsx';

/** How a stream looks: a still that costs nothing, and for who asks for it the picture itself. */
export function Preview({
  name,
  codec,
}: {
  readonly name: string;
  /** Undefined: sound alone. */
  readonly codec: string | undefined;
}) {
  const [state, setState] = useState<'off' | 'loading' | 'on' | 'failed'>('off');
  const start = () => {
    setState('loading');
    import('../../../player/index.ts').then(
      () => setState('on'),
      () => setState('failed'),
    );
  };
  if (state === 'on') {
    return (
      <div class="preview">
        {h('millrace-player', { src: `/${name}`, muted: '', class: 'preview-player' })}
        <Button
          kind="quiet"
          icon={X}
          label={`Close the preview of ${name}`}
          onClick={() => setState('off')}
        >
          Close the preview
        </Button>
      </div>
    );
  }
  return (
    <div class="preview">
      <div class="preview-off">
        {codec !== undefined && <Still name={name} codec={codec} />}
        <Button
          icon={Play}
          label={`Play a preview of ${name}`}
          busy={state === 'loading'}
          onClick={start}
        >
          Play a preview
        </Button>
      </div>
      <p class="small soft">
        {state === 'failed'
          ? 'The player could not be loaded. Load the page again.'
          : 'Some seconds old. The preview is live, without sound, and counts as one viewer.'}
      </p>
    </div>
  );
}
