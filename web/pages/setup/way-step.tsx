import { useEffect, useState } from 'preact/hooks';
import type { ServerInfo } from '../../../src/api/server.ts';
import type { ReachReport, SetupInfo } from '../../../src/api/setup.ts';
import { type Answer, api } from '../../parts/api.ts';
import { Button } from '../../ui/button.tsx';
import { Card, Notice } from '../../ui/card.tsx';
import { Field } from '../../ui/field.tsx';
import { useAnswer } from '../../ui/use-answer.tsx';
import { probeMedia } from './media-probe.ts';
import { StepForm } from './step-form.tsx';
import { sayWay, typedDomain, type Way } from './steps.ts';

/** The domain, and what gets through: as the server sees it, and as this browser does. */
export function WayStep({
  info,
  stream,
  onDone,
}: {
  readonly info: SetupInfo;
  readonly stream: string;
  readonly onDone: (domain: string | undefined) => void;
}) {
  const [domain, setDomain] = useState(info.domain ?? '');
  const [report, setReport] = useState<ReachReport | undefined>(undefined);
  const typed = typedDomain(domain);
  const look = async () => {
    setReport(undefined);
    const answer: Answer<ReachReport> = await api.post('/setup/reach', { host: typed ?? null });
    if (!answer.ok) return answer.message;
    setReport(answer.value);
    return undefined;
  };
  return (
    <>
      <FromHere stream={stream} />
      <StepForm
        submit={typed === undefined ? 'Look at the ports' : 'Look where it leads'}
        onSubmit={look}
        also={
          <Button onClick={() => onDone(typed)}>
            {report === undefined && typed === undefined ? 'Go on without a domain' : 'Go on'}
          </Button>
        }
      >
        <Field
          label="Domain"
          help="The name that leads to this machine, such as live.example.net: it brings HTTPS. Empty for none."
          value={domain}
          onInput={(value) => {
            setDomain(value);
            setReport(undefined);
          }}
          inputMode="url"
          maxLength={300}
          mono
        />
        {report !== undefined && <Report report={report} />}
      </StepForm>
    </>
  );
}

function Report({ report: { checks } }: { readonly report: ReachReport }) {
  return (
    <div class="setup-form" role="status">
      {checks.map(({ ok, says, remedy }) => (
        <Notice key={says} tone={ok ? 'good' : 'warning'} title={`${says}.`}>
          {remedy}
        </Notice>
      ))}
      <p class="small soft">
        This is how the server sees it from its own side; a firewall outside of it is not seen.
      </p>
    </div>
  );
}

/** Tried at once: it needs no answer of anybody. */
function FromHere({ stream }: { readonly stream: string }) {
  const server = useAnswer(() => api.get<ServerInfo>('/server')).value;
  const [tcp, setTcp] = useState<Way | undefined>(undefined);
  const [udp, setUdp] = useState<Way | undefined>(undefined);
  useEffect(() => {
    void probeMedia(stream, 'tcp').then(setTcp);
    void probeMedia(stream, 'udp').then(setUdp);
  }, [stream]);
  return (
    <Card title="From this browser">
      <div class="setup-form" role="status">
        <Tried way={tcp} transport="tcp" port={server?.ports.iceTcp} />
        <Tried way={udp} transport="udp" port={server?.ports.iceUdp} />
      </div>
    </Card>
  );
}

function Tried({
  way,
  transport,
  port,
}: {
  readonly way: Way | undefined;
  readonly transport: 'tcp' | 'udp';
  readonly port: number | undefined;
}) {
  if (way === undefined || port === undefined) {
    return <Notice>Trying media over {transport.toUpperCase()} …</Notice>;
  }
  return (
    <Notice tone={way === 'answers' ? 'good' : 'warning'}>{sayWay(way, transport, port)}</Notice>
  );
}
