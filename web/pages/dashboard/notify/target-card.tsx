import { Pencil, Send, Trash2 } from 'lucide';
import { useState } from 'preact/hooks';
import type { TargetInfo, TargetTest } from '../../../../src/api/targets.ts';
import { api, part } from '../../../parts/api.ts';
import { dateTime } from '../../../parts/words.ts';
import { Badge, StatusBadge } from '../../../ui/badge.tsx';
import { Button } from '../../../ui/button.tsx';
import { Card, Facts, Notice } from '../../../ui/card.tsx';
import { confirmAndTell } from '../../../ui/work.ts';
import { EVENT_WORDS, KINDS, sayFailure, troubleOf } from './words.ts';

type Props = {
  readonly target: TargetInfo;
  readonly onEdit: () => void;
  readonly onChange: () => void;
};

/** Who is told, of what, and whether it arrives. */
export function TargetCard({ target, onEdit, onChange }: Props) {
  const { id, name, url, events, streams, inConfiguration, delivered } = target;
  const [isTesting, setTesting] = useState(false);
  const [verdict, setVerdict] = useState<TargetTest | undefined>(undefined);
  const trouble = troubleOf(target);
  const test = async () => {
    setTesting(true);
    setVerdict(undefined);
    const answer = await api.post<TargetTest>(`/targets/${part(id)}/test`);
    setTesting(false);
    setVerdict(answer.ok ? answer.value : { delivered: false, message: answer.message });
    onChange();
  };
  const remove = async () => {
    const wasTried = await confirmAndTell({
      title: `Tell “${name}” no more?`,
      text: 'What waits for it is forgotten. Its address is kept nowhere else here.',
      action: 'Remove it',
      ask: () => api.delete(`/targets/${part(id)}`),
      done: `“${name}” is told no more.`,
    });
    if (wasTried) onChange();
  };
  return (
    <Card
      title={name}
      badge={<Standing target={target} />}
      actions={
        <>
          <Button
            icon={Send}
            busy={isTesting}
            onClick={() => void test()}
            label={`Send a test to ${name}`}
          >
            Send a test
          </Button>
          {!inConfiguration && (
            <>
              <Button icon={Pencil} onClick={onEdit} label={`Change ${name}`}>
                Change
              </Button>
              <Button
                kind="danger"
                icon={Trash2}
                onClick={() => void remove()}
                label={`Remove ${name}`}
              >
                Remove
              </Button>
            </>
          )}
        </>
      }
    >
      {verdict !== undefined && <Verdict verdict={verdict} />}
      {trouble !== undefined && verdict === undefined && (
        <Notice tone={target.state === 'ok' ? 'warning' : 'error'}>{trouble}</Notice>
      )}
      <Facts
        of={[
          ['Where', url],
          ['Told of', events.map((event) => EVENT_WORDS[event]).join('; ')],
          ['Streams', streams.length === 0 ? 'all' : streams.join(', ')],
          ['Waiting', target.waiting === 0 ? undefined : String(target.waiting)],
          [
            'Last delivered',
            delivered === null ? 'not since the server started' : dateTime(delivered),
          ],
        ]}
      />
    </Card>
  );
}

function Standing({ target: { kind, state, inConfiguration } }: Pick<Props, 'target'>) {
  return (
    <>
      <Badge>{KINDS[kind]}</Badge>
      {state === 'failing' && <StatusBadge of="failing" />}
      {state === 'stopped' && <Badge tone="error">Stopped</Badge>}
      {inConfiguration && <Badge>In the configuration</Badge>}
    </>
  );
}

function Verdict({ verdict: { delivered, message } }: { readonly verdict: TargetTest }) {
  return (
    <div role="status">
      <Notice
        tone={delivered ? 'good' : 'error'}
        title={delivered ? 'The test arrived' : 'The test did not arrive'}
      >
        {delivered ? message : sayFailure(message)}
      </Notice>
    </div>
  );
}
