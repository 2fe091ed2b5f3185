import { Button } from '../../../ui/button.tsx';
import { Notice } from '../../../ui/card.tsx';
import { permissionWords } from './abilities.ts';
import type { DeviceKind } from './devices.ts';
import { captureFault } from './faults.ts';
import { abilities, sources } from './studio.ts';

/** What is wrong with camera and microphone, and the way out of each. */
export function CaptureFaults() {
  const { trouble } = sources;
  const kinds = (['camera', 'microphone'] as const).filter(
    (kind) => trouble.value[kind] !== undefined && !isDoubled(kind),
  );
  return (
    <>
      {kinds.map((kind) => (
        <CaptureFault key={kind} kind={kind} />
      ))}
      {trouble.value.screen !== undefined && (
        <Notice tone="error" title="The screen cannot be shown">
          Allow this browser to record the screen in the privacy settings of the system, start the
          browser anew, and try again.
        </Notice>
      )}
    </>
  );
}

/** One refusal of both is told once. */
function isDoubled(kind: DeviceKind): boolean {
  const { camera, microphone } = sources.trouble.value;
  return kind === 'microphone' && camera === 'denied' && microphone === 'denied';
}

function CaptureFault({ kind }: { readonly kind: DeviceKind }) {
  const trouble = sources.trouble.value[kind];
  if (trouble === undefined) return null;
  const isBoth = sources.trouble.value.microphone === 'denied' && trouble === 'denied';
  const { title, text } = captureFault(kind, trouble);
  const again = isBoth ? () => sources.begin() : () => sources.use(kind, undefined);
  return (
    <Notice
      tone="error"
      title={isBoth && kind === 'camera' ? 'This page may not use camera and microphone' : title}
      action={<Button onClick={() => void again()}>Try again</Button>}
    >
      <p>{text}</p>
      {trouble === 'denied' && (
        <ol class="steps">
          {permissionWords(abilities).map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ol>
      )}
    </Notice>
  );
}
