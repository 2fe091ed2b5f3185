import { Image, Link2, Pencil, Plus, Trash2 } from 'lucide';
import { useState } from 'preact/hooks';
import type { AppInfo, SlotInfo } from '../../../../src/api/access.ts';
import type { ServerInfo } from '../../../../src/api/server.ts';
import { api, part } from '../../../parts/api.ts';
import { Button, IconButton } from '../../../ui/button.tsx';
import { Field } from '../../../ui/field.tsx';
import { FormDialog } from '../../../ui/form-dialog.tsx';
import { List } from '../../../ui/table.tsx';
import { Loaded, useAnswer } from '../../../ui/use-answer.tsx';
import { confirmAndTell } from '../../../ui/work.ts';
import { writeTarget } from '../common/target.ts';
import { AddressCopies, Addresses } from './addresses.tsx';
import { PosterDialog } from './poster.tsx';
import { type Slot, slotsOf } from './slot-list.ts';

type Props = {
  readonly app: AppInfo;
  readonly server: ServerInfo | undefined;
  readonly mayChange: boolean;
  readonly onChange: () => void;
};

/** The streams that are listed in an app, with the addresses of each. */
export function Slots({ app, server, mayChange, onChange }: Props) {
  const asked = useAnswer(
    () => api.get<{ readonly slots: readonly SlotInfo[] }>(`/apps/${part(app.name)}/slots`),
    [app],
  );
  const [edited, setEdited] = useState<Slot | 'new' | undefined>(undefined);
  const [shown, setShown] = useState<string | undefined>(undefined);
  return (
    <div class="manage-stack">
      <Loaded asked={asked}>
        {({ slots }) => (
          <List
            label={`Streams of ${app.name}`}
            items={slotsOf(app, slots)}
            keyOf={({ stream }) => stream}
          >
            {(slot) => (
              <SlotRow
                {...{ app, slot, server, mayChange, onChange }}
                onEdit={() => setEdited(slot)}
                onShow={() => setShown(slot.stream)}
              />
            )}
          </List>
        )}
      </Loaded>
      <div class="ui-buttons">
        {mayChange && (
          <Button
            icon={Plus}
            onClick={() => setEdited('new')}
            label={`List a stream in ${app.name}`}
          >
            List a stream
          </Button>
        )}
        {app.settings['streams'] !== 'declared' && (
          <Button
            icon={Link2}
            onClick={() => setShown('')}
            label={`Addresses of any stream in ${app.name}`}
          >
            Addresses of any stream
          </Button>
        )}
      </div>
      {edited !== undefined && (
        <EditSlot
          app={app.name}
          slot={edited === 'new' ? undefined : edited}
          onClose={() => setEdited(undefined)}
          onSaved={() => {
            setEdited(undefined);
            onChange();
          }}
        />
      )}
      {shown !== undefined && (
        <Addresses
          app={app.name}
          stream={shown}
          server={server}
          onClose={() => setShown(undefined)}
        />
      )}
    </div>
  );
}

function SlotRow({
  app,
  slot,
  server,
  mayChange,
  onChange,
  onEdit,
  onShow,
}: Props & {
  readonly slot: Slot;
  readonly onEdit: () => void;
  readonly onShow: () => void;
}) {
  const name = `${app.name}/${slot.stream}`;
  const [isPosterOpen, setPosterOpen] = useState(false);
  const remove = async () => {
    const wasTried = await confirmAndTell({
      title: `Take ${name} from the list?`,
      text: 'Who is live under it stays. Where only listed streams are served, nobody can begin under this name any more.',
      action: 'Take it from the list',
      ask: () => removal(app, slot),
      done: `Took ${name} from the list.`,
    });
    if (wasTried) onChange();
  };
  return (
    <div class="manage-slot">
      <div>
        <span class="manage-name">{slot.label || slot.stream}</span>
        <span class="manage-second">
          {name}
          {slot.isInSettings && ', listed in the settings'}
        </span>
        <AddressCopies name={name} server={server} />
      </div>
      <div class="ui-buttons">
        <IconButton icon={Link2} label={`Addresses of ${name}`} onClick={onShow} />
        {mayChange && (
          <IconButton
            icon={Image}
            label={`Poster of ${name}`}
            onClick={() => setPosterOpen(true)}
          />
        )}
        {mayChange && !slot.isInSettings && (
          <IconButton icon={Pencil} label={`Change the label of ${name}`} onClick={onEdit} />
        )}
        {mayChange && (
          <IconButton
            icon={Trash2}
            label={`Take ${name} from the list`}
            onClick={() => void remove()}
          />
        )}
      </div>
      {isPosterOpen && (
        <PosterDialog app={app.name} stream={slot.stream} onClose={() => setPosterOpen(false)} />
      )}
    </div>
  );
}

function removal(app: AppInfo, { stream, isInSettings }: Slot) {
  const path = `/apps/${part(app.name)}`;
  if (!isInSettings) return api.delete(`${path}/slots/${part(stream)}`);
  const slots = (app.settings['slots'] as readonly string[]).filter((one) => one !== stream);
  return api.patch(path, { settings: { slots } });
}

function EditSlot({
  app,
  slot,
  onClose,
  onSaved,
}: {
  readonly app: string;
  /** Undefined for a new one. */
  readonly slot: Slot | undefined;
  readonly onClose: () => void;
  readonly onSaved: () => void;
}) {
  const [stream, setStream] = useState(slot?.stream ?? '');
  const [label, setLabel] = useState(slot?.label ?? '');
  const [error, setError] = useState<string | undefined>(undefined);
  const save = async () => {
    const name = writeTarget({ reach: 'stream', name: `${app}/${stream.trim()}` });
    setError(
      name === undefined ? 'Use letters, digits, “_”, “-” and “.”, as in slot-1.' : undefined,
    );
    if (name === undefined) return undefined;
    const path = `/apps/${part(app)}/slots/${part(stream.trim())}`;
    const answer = await api.put(path, { label: label.trim() });
    if (!answer.ok) return answer.message;
    onSaved();
    return undefined;
  };
  return (
    <FormDialog
      title={slot === undefined ? `List a stream in ${app}` : `${app}/${slot.stream}`}
      submit="Save"
      onSubmit={save}
      onClose={onClose}
    >
      {slot === undefined && (
        <Field
          label="Name"
          help={`Behind the slash: ${app}/${stream.trim() || 'slot-1'}`}
          value={stream}
          onInput={setStream}
          placeholder="slot-1"
          maxLength={64}
          error={error}
          focused
          mono
        />
      )}
      <Field
        label="Label"
        help="What people read in place of the name, as “Left camera”. May be empty."
        value={label}
        onInput={setLabel}
        maxLength={100}
        focused={slot !== undefined}
      />
    </FormDialog>
  );
}
