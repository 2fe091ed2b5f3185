import { useState } from 'preact/hooks';
import type { ServerInfo } from '../../../../src/api/server.ts';
import { siteFor } from '../../../parts/site.ts';
import { frameSnippet } from '../../../parts/watch/snippets.ts';
import { CopyButton, CopyField } from '../../../ui/copy-field.tsx';
import { Dialog } from '../../../ui/dialog.tsx';
import { Field } from '../../../ui/field.tsx';
import { publishAddresses } from '../../home/publish-addresses.ts';

/** Everything about a stream that goes elsewhere: to viewers, into pages, into encoders. */
export function Addresses({
  app,
  stream,
  server,
  onClose,
}: {
  readonly app: string;
  /** Empty: to be typed. */
  readonly stream: string;
  readonly server: ServerInfo | undefined;
  readonly onClose: () => void;
}) {
  const [typed, setTyped] = useState(stream === '' ? 'stage' : stream);
  const name = `${app}/${typed.trim()}`;
  const page = siteFor(server?.url, location.origin);
  const addresses = publishAddresses(name, page, server?.ports.rtmp ?? undefined);
  return (
    <Dialog
      title={stream === '' ? `Addresses in ${app}` : `Addresses of ${name}`}
      onClose={onClose}
    >
      {stream === '' && (
        <Field
          label="Stream"
          help="A name of your choice."
          value={typed}
          onInput={setTyped}
          maxLength={64}
          error={addresses === undefined ? 'Use letters, digits, “_”, “-” and “.”.' : undefined}
          focused
          mono
        />
      )}
      {addresses !== undefined && (
        <>
          <CopyField label="Watch page" value={addresses.watchUrl} />
          <CopyField
            label="Embed code"
            value={frameSnippet(new URL(`/embed/${name}`, page).href, name)}
            help="For the HTML of another page."
          />
          <CopyField
            label="WHIP server"
            value={addresses.whipUrl}
            help="OBS: Settings, Stream, Service WHIP. The bearer token is a stream key."
          />
          {server?.ports.rtmp !== null && (
            <>
              <CopyField
                label="RTMP server"
                value={addresses.rtmpUrl}
                help="OBS: Settings, Stream, Service Custom…"
              />
              <CopyField
                label="RTMP stream key"
                value={`${addresses.rtmpStream}?key=KEY`}
                help="With a stream key in the place of KEY. A key of this one stream can stand there alone."
              />
            </>
          )}
        </>
      )}
    </Dialog>
  );
}

/** The same, each with one click. */
export function AddressCopies({
  name,
  server,
}: {
  readonly name: string;
  readonly server: ServerInfo | undefined;
}) {
  const page = siteFor(server?.url, location.origin);
  const addresses = publishAddresses(name, page, server?.ports.rtmp ?? undefined);
  if (addresses === undefined) return null;
  const { watchUrl, whipUrl, rtmpUrl, rtmpStream } = addresses;
  const copies: readonly (readonly [word: string, what: string, value: string])[] = [
    ['Watch', `watch page of ${name}`, watchUrl],
    ['Embed', `embed code of ${name}`, frameSnippet(new URL(`/embed/${name}`, page).href, name)],
    ['WHIP', `WHIP address of ${name}`, whipUrl],
    ...(server?.ports.rtmp === null
      ? []
      : [['RTMP', `RTMP address of ${name}`, `${rtmpUrl}/${rtmpStream}`] as const]),
  ];
  return (
    <div class="ui-buttons manage-copies">
      {copies.map(([word, what, value]) => (
        <CopyButton
          key={word}
          kind="quiet"
          what={what}
          value={value}
          label={`${word}: copy the ${what}`}
        >
          {word}
        </CopyButton>
      ))}
    </div>
  );
}
