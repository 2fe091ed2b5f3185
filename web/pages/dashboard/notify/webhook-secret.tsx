import type { ChangedTarget } from '../../../../src/api/targets.ts';
import { Button } from '../../../ui/button.tsx';
import { Notice } from '../../../ui/card.tsx';
import { CopyField } from '../../../ui/copy-field.tsx';
import { Dialog } from '../../../ui/dialog.tsx';

/** What the program verifies signatures with; told this once. */
export function WebhookSecret({
  made: { target, secret },
  onClose,
}: {
  readonly made: ChangedTarget;
  readonly onClose: () => void;
}) {
  return (
    <Dialog
      title={`The secret of “${target.name}”`}
      onClose={onClose}
      actions={
        <Button kind="primary" onClick={onClose}>
          I have copied it
        </Button>
      }
    >
      <Notice tone="warning">
        Copy the secret now and give it to your program: it is not shown again.
      </Notice>
      <CopyField
        label="Signing secret"
        value={secret ?? ''}
        secret
        help="Your program verifies with it that what comes is from this server, as Standard Webhooks has it."
      />
    </Dialog>
  );
}
