/** The dialog to share a stream by. */
import './share.css';
import { render } from 'preact';
import { useState } from 'preact/hooks';
import type { PageFacts } from '../../../src/api/watch.ts';
import { titleOf } from '../../parts/watch/facts.ts';
import { frameSnippet, scriptSnippet } from '../../parts/watch/snippets.ts';
import { CopyField } from '../../ui/copy-field.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Qr } from '../../ui/qr.tsx';
import { Tabs } from '../../ui/tabs.tsx';
import { Toasts } from '../../ui/toasts.tsx';

let place: HTMLElement | undefined;

export function openShare(facts: PageFacts): void {
  if (place === undefined) {
    place = document.createElement('div');
    document.body.append(place);
  }
  const close = () => render(null, place as HTMLElement);
  render(<Share facts={facts} onClose={close} />, place);
}

type View = 'link' | 'frame' | 'script';

function Share({ facts, onClose }: { readonly facts: PageFacts; readonly onClose: () => void }) {
  const [view, setView] = useState<View>('link');
  const { embedPath, stream } = facts;
  const tabs = [
    { id: 'link' as const, label: 'Link', content: () => <LinkView facts={facts} /> },
    ...(embedPath === undefined || !facts.isOpen
      ? []
      : [
          {
            id: 'frame' as const,
            label: 'Embed',
            content: () => (
              <CopyField
                label="HTML for a page"
                value={frameSnippet(location.origin + embedPath, titleOf(facts))}
                help="A frame with the player in it: for any site that takes HTML."
              />
            ),
          },
          {
            id: 'script' as const,
            label: 'Script',
            content: () => (
              <CopyField
                label="HTML for your own page"
                value={scriptSnippet(location.origin, stream)}
                help="The player as an element of your page, which you can style and script."
              />
            ),
          },
        ]),
  ];
  return (
    <Dialog title={`Share ${titleOf(facts)}`} onClose={onClose}>
      <Tabs label="Ways to share" tabs={tabs} selected={view} onSelect={setView} />
      <Toasts />
    </Dialog>
  );
}

function LinkView({ facts: { path, isOpen } }: { readonly facts: PageFacts }) {
  const url = location.origin + path;
  return (
    <div class="share-link">
      <CopyField label="Link" value={url} />
      {isOpen ? (
        <Qr text={url} label="The link as a QR code, for phones" />
      ) : (
        <p class="soft">
          Who opens it needs what you needed: a view link, a password or an account. Ask whoever
          runs the stream.
        </p>
      )}
    </div>
  );
}
