import { Play } from 'lucide';
import { h } from 'preact';
import { useState } from 'preact/hooks';
import { Button } from '../../../ui/button.tsx';

/** The picture, for who asks for it: it costs what a viewer costs, and it is one. */
export function Preview({ name }: { readonly name: string }) {
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
        <Button kind="quiet" label={`Close the preview of ${name}`} onClick={() => setState('off')}>
          Close the preview
        </Button>
      </div>
    );
  }
  return (
    <div class="preview preview-off">
      <Button
        icon={Play}
        label={`Show a preview of ${name}`}
        busy={state === 'loading'}
        onClick={start}
      >
        Show a preview
      </Button>
      <p class="small">
        {state === 'failed'
          ? 'The player could not be loaded. Load the page again.'
          : 'Without sound. It counts as one viewer.'}
      </p>
    </div>
  );
}
