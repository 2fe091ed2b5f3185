import { useState } from 'preact/hooks';
import type { ServerInfo } from '../../../src/api/server.ts';
import type { SetupInfo } from '../../../src/api/setup.ts';
import { api } from '../../parts/api.ts';
import { siteFor } from '../../parts/site.ts';
import { Button, Buttons } from '../../ui/button.tsx';
import { Card, Facts, Notice } from '../../ui/card.tsx';
import { CopyField } from '../../ui/copy-field.tsx';
import { Tabs } from '../../ui/tabs.tsx';
import { Loaded, useAnswer } from '../../ui/use-answer.tsx';
import { type PublishAddresses, publishAddresses } from '../home/publish-addresses.ts';
import { type Remainder, remainderOf } from './steps.ts';
import type { FirstStream } from './stream-step.tsx';

/** What goes into OBS, what is left for the terminal, and the way on. */
export function GoLiveStep({
  info,
  first,
  domain,
}: {
  readonly info: SetupInfo;
  readonly first: FirstStream;
  readonly domain: string | undefined;
}) {
  const asked = useAnswer(() => api.get<ServerInfo>('/server'));
  const remainder = remainderOf(domain, info);
  return (
    <Loaded asked={asked}>
      {({ url, ports }) => {
        const site = siteFor(url, location.origin);
        const addresses = publishAddresses(first.stream, site, ports.rtmp ?? undefined);
        return (
          <>
            {addresses !== undefined && (
              <ForObs addresses={addresses} secret={first.secret} hasRtmp={ports.rtmp !== null} />
            )}
            {remainder !== undefined && domain !== undefined && (
              <Rest remainder={remainder} domain={domain} />
            )}
            <Card title="From here">
              {addresses !== undefined && (
                <CopyField label="Watch page" value={addresses.watchUrl} />
              )}
              <Buttons>
                <Button kind="primary" href="/dashboard">
                  Open the dashboard
                </Button>
                <Button href={`/${first.stream}`} newTab>
                  Watch the stream
                </Button>
                <Button href="/account">Set up a second factor</Button>
                <Button href="/plan">Plan the bandwidth</Button>
              </Buttons>
            </Card>
          </>
        );
      }}
    </Loaded>
  );
}

type Way = 'whip' | 'rtmp';

function ForObs({
  addresses,
  secret,
  hasRtmp,
}: {
  readonly addresses: PublishAddresses;
  readonly secret: string;
  readonly hasRtmp: boolean;
}) {
  const [way, setWay] = useState<Way>('whip');
  const whip = () => (
    <div class="setup-form">
      <p class="soft">The lowest delay, for a line that loses nothing, such as a cable.</p>
      <Facts of={[['Service', 'WHIP']]} />
      <CopyField label="Server" value={addresses.whipUrl} />
      <CopyField label="Bearer Token" value={secret} secret />
    </div>
  );
  const rtmp = () => (
    <div class="setup-form">
      <p class="soft">For a line that loses packets, such as Wi-Fi or mobile.</p>
      <Facts of={[['Service', 'Custom…']]} />
      <CopyField label="Server" value={addresses.rtmpUrl} />
      <CopyField label="Stream Key" value={secret} secret />
    </div>
  );
  return (
    <Card title="Into OBS" lead="Settings, Stream:">
      <Tabs<Way>
        label="Protocol"
        selected={way}
        onSelect={setWay}
        tabs={[
          { id: 'whip', label: 'By WHIP', content: whip },
          ...(hasRtmp ? [{ id: 'rtmp', label: 'By RTMP', content: rtmp } as const] : []),
        ]}
      />
      <Notice tone="warning">
        Copy the key now: it is shown here and never again. You can make others on the dashboard.
      </Notice>
      <p class="soft">Settings, Output, Output Mode Advanced:</p>
      <Facts
        of={[
          ['Rate Control', 'CBR'],
          ['Keyframe Interval', '1 s'],
          ['B-Frames', '0 (x264: in x264 Options, bframes=0)'],
          ['Tune (x264)', 'zerolatency'],
        ]}
      />
      <p class="soft">Then Start Streaming.</p>
    </Card>
  );
}

/** No page writes the configuration: who can reach a page is not for that whoever owns the files. */
function Rest({ remainder, domain }: { readonly remainder: Remainder; readonly domain: string }) {
  return (
    <Card
      title="Left for the terminal"
      lead={`The domain stands in the configuration, which no page may change. After the restart all addresses begin with https://${domain}, and you sign in again there.`}
    >
      {remainder.kind === 'commands' ? (
        <>
          {remainder.commands.map((command, at) => (
            <CopyField key={command} label={`Command ${at + 1}`} value={command} />
          ))}
          {remainder.byHand && (
            <p>Then stop the server with Ctrl-C in its terminal, and start it again as before.</p>
          )}
        </>
      ) : (
        <>
          <p>
            In {remainder.file}, put the second line in the place of the first, then restart the
            server.
          </p>
          <CopyField label="It says" value={remainder.from} />
          <CopyField label="It is to say" value={remainder.to} />
        </>
      )}
    </Card>
  );
}
