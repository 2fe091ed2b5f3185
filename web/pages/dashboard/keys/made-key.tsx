import type { MadeKey } from '../../../../src/api/access.ts';
import type { ServerInfo } from '../../../../src/api/server.ts';
import { api } from '../../../parts/api.ts';
import { siteFor } from '../../../parts/site.ts';
import { Button } from '../../../ui/button.tsx';
import { Notice } from '../../../ui/card.tsx';
import { CopyField } from '../../../ui/copy-field.tsx';
import { Dialog } from '../../../ui/dialog.tsx';
import { useAnswer } from '../../../ui/use-answer.tsx';
import { publishAddresses } from '../../home/publish-addresses.ts';
import { streamOf } from '../common/target.ts';

/** The key itself, once; for one stream also the fields of OBS. */
export function MadeKeyDialog({
  made: { key, secret },
  onClose,
}: {
  readonly made: MadeKey;
  readonly onClose: () => void;
}) {
  const server = useAnswer(() => api.get<ServerInfo>('/server')).value;
  const stream = streamOf(key.target);
  const rtmpPort = server?.ports.rtmp ?? undefined;
  const takes = (protocol: 'rtmp' | 'whip') =>
    key.protocols.length === 0 || key.protocols.includes(protocol);
  const addresses =
    stream === undefined || server === undefined
      ? undefined
      : publishAddresses(stream, siteFor(server.url, location.origin), rtmpPort);
  return (
    <Dialog
      title={`The key “${key.name}”`}
      onClose={onClose}
      actions={
        <Button kind="primary" onClick={onClose}>
          I have copied it
        </Button>
      }
    >
      <Notice tone="warning">
        Copy the key now: it is kept as a hash, so nobody can show it again. Who has it can publish
        with it.
      </Notice>
      <CopyField label="Stream key" value={secret} secret />
      {addresses !== undefined && takes('whip') && (
        <CopyField
          label="WHIP server"
          value={addresses.whipUrl}
          help="OBS: Settings, Stream, Service WHIP. The key is the bearer token."
        />
      )}
      {addresses !== undefined && takes('rtmp') && rtmpPort !== undefined && (
        <CopyField
          label="RTMP server"
          value={addresses.rtmpUrl}
          help="OBS: Settings, Stream, Service Custom… The key is the stream key, alone."
        />
      )}
    </Dialog>
  );
}
