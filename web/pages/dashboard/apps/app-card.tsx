import { CircleOff, CirclePlay, RotateCcw, Settings2, Trash2 } from 'lucide';
import { useState } from 'preact/hooks';
import type { AppInfo } from '../../../../src/api/access.ts';
import type { ServerInfo } from '../../../../src/api/server.ts';
import { api, part } from '../../../parts/api.ts';
import { Badge, StatusBadge } from '../../../ui/badge.tsx';
import { Button } from '../../../ui/button.tsx';
import { Card, Facts } from '../../../ui/card.tsx';
import { confirmAndTell, tell } from '../../../ui/work.ts';
import { AppSettings } from './app-settings.tsx';
import { sayChoice } from './settings.ts';
import { Slots } from './slots.tsx';

type Props = {
  readonly app: AppInfo;
  /** Undefined until it is known. */
  readonly server: ServerInfo | undefined;
  readonly mayChange: boolean;
  readonly onChange: () => void;
};

/** One app: what holds, and its streams. */
export function AppCard({ app, server, mayChange, onChange }: Props) {
  const [isOpen, setOpen] = useState(false);
  const { name, settings } = app;
  const hours = settings['opening_hours'] as readonly string[];
  return (
    <Card
      title={name}
      badge={<Standing app={app} />}
      actions={
        mayChange && <Actions app={app} onSettings={() => setOpen(true)} onChange={onChange} />
      }
    >
      <Facts
        of={[
          ['Who may publish', sayChoice('publishing', settings['publishing'])],
          ['Who may watch', sayViewing(app)],
          ['Streams', sayChoice('streams', settings['streams'])],
          [
            'Open',
            hours.length === 0 ? undefined : `${hours.join(', ')} (${settings['time_zone']})`,
          ],
        ]}
      />
      <Slots app={app} server={server} mayChange={mayChange} onChange={onChange} />
      {isOpen && (
        <AppSettings
          app={app}
          onClose={() => setOpen(false)}
          onSaved={() => {
            setOpen(false);
            onChange();
          }}
        />
      )}
    </Card>
  );
}

const CLOSINGS: Readonly<Record<string, string>> = {
  'app-closed': 'Closed',
  'outside-hours': 'Outside its hours',
  'closed-idle': 'Closed: nothing was live for long',
};

function Standing({ app: { settings, closed, inConfiguration } }: Pick<Props, 'app'>) {
  return (
    <>
      {closed !== null && <StatusBadge of="off">{CLOSINGS[closed] ?? 'Closed'}</StatusBadge>}
      {settings['publishing'] === 'open' && <Badge tone="error">Anybody can publish</Badge>}
      {inConfiguration && <Badge>In the configuration</Badge>}
    </>
  );
}

function sayViewing({ settings, hasPassword }: AppInfo): string {
  const says = sayChoice('viewing', settings['viewing']);
  const lacksPassword = settings['viewing'] === 'password' && !hasPassword;
  return lacksPassword ? `${says} (none is set: nobody can)` : says;
}

function Actions({
  app,
  onSettings,
  onChange,
}: {
  readonly app: AppInfo;
  readonly onSettings: () => void;
  readonly onChange: () => void;
}) {
  const { name, settings, closed } = app;
  const path = `/apps/${part(name)}`;
  const isByHand = settings['closed'] === true;
  // Outside its hours it opens by itself; a change at all ends the closing for idleness.
  const opens = isByHand || closed === 'closed-idle';
  const turn = async () => {
    const asked = api.patch(path, { settings: { closed: !opens } });
    if (await tell(asked, opens ? `Opened ${name}.` : `Closed ${name}. Who is live stays.`))
      onChange();
  };
  return (
    <>
      <Button
        icon={opens ? CirclePlay : CircleOff}
        onClick={() => void turn()}
        label={`${opens ? 'Open' : 'Close'} ${name}`}
      >
        {opens ? 'Open' : 'Close'}
      </Button>
      <Button icon={Settings2} onClick={onSettings} label={`Settings of ${name}`}>
        Settings
      </Button>
      <Removal app={app} onChange={onChange} />
    </>
  );
}

/** One that the configuration lists stays, with the configuration's settings. */
function Removal({ app, onChange }: Pick<Props, 'app' | 'onChange'>) {
  const { name, inConfiguration, changed, hasPassword } = app;
  const ask = () => api.delete(`/apps/${part(name)}`);
  if (!inConfiguration) {
    const remove = async () => {
      const wasTried = await confirmAndTell({
        title: `Remove the app ${name}?`,
        text: 'Its settings and its viewers’ password go. Keys, links and listed streams stay, and count again if an app of this name comes back.',
        action: 'Remove the app',
        ask,
        done: `Removed the app ${name}.`,
      });
      if (wasTried) onChange();
    };
    return (
      <Button kind="danger" icon={Trash2} onClick={() => void remove()} label={`Remove ${name}`}>
        Remove
      </Button>
    );
  }
  if (Object.keys(changed).length === 0 && !hasPassword) return null;
  const takeBack = async () => {
    const wasTried = await confirmAndTell({
      title: `Take ${name} back to the configuration?`,
      text: 'What was changed here is forgotten, a viewers’ password that was set here too. What the configuration says holds again.',
      action: 'Take it back',
      ask,
      done: `${name} is as the configuration says.`,
    });
    if (wasTried) onChange();
  };
  return (
    <Button icon={RotateCcw} onClick={() => void takeBack()} label={`As configured: ${name}`}>
      As configured
    </Button>
  );
}
