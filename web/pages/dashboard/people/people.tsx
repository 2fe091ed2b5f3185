import { Pencil, Trash2, UserPlus } from 'lucide';
import { useState } from 'preact/hooks';
import type { PeopleResponse, PersonInfo } from '../../../../src/api/access.ts';
import { api, part } from '../../../parts/api.ts';
import type { Person } from '../../../parts/session.ts';
import { dateTime } from '../../../parts/words.ts';
import { Badge, StatusBadge } from '../../../ui/badge.tsx';
import { Button } from '../../../ui/button.tsx';
import { type Column, LongTable } from '../../../ui/table.tsx';
import { Loaded, useAnswer } from '../../../ui/use-answer.tsx';
import { confirmAndTell } from '../../../ui/work.ts';
import { EditPerson } from './edit-person.tsx';
import { type Given, GivenAccount } from './given-account.tsx';
import { NewPerson } from './new-person.tsx';
import { ROLES } from './roles.ts';

/** Everybody who can sign in. */
export function People({ me }: { readonly me: Person }) {
  const asked = useAnswer(() => api.get<PeopleResponse>('/people'));
  const [edited, setEdited] = useState<PersonInfo | undefined>(undefined);
  const [isAdding, setAdding] = useState(false);
  const [given, setGiven] = useState<Given | undefined>(undefined);
  return (
    <div class="manage-stack">
      <div class="ui-buttons">
        <Button kind="primary" icon={UserPlus} onClick={() => setAdding(true)}>
          Give somebody an account
        </Button>
      </div>
      <Loaded asked={asked}>
        {({ people }) => (
          <LongTable
            caption="People with an account"
            columns={columnsOf(me, setEdited, asked.reload)}
            rows={people}
            keyOf={({ id }) => id}
            wordsOf={({ name, role }) => `${name} ${role}`}
          />
        )}
      </Loaded>
      {isAdding && (
        <NewPerson
          onClose={() => setAdding(false)}
          onMade={(made) => {
            setAdding(false);
            setGiven(made);
            asked.reload();
          }}
        />
      )}
      {edited !== undefined && (
        <EditPerson
          person={edited}
          isMe={isSame(edited, me)}
          onClose={() => setEdited(undefined)}
          onSaved={(made) => {
            setEdited(undefined);
            setGiven(made);
            asked.reload();
          }}
        />
      )}
      {given !== undefined && <GivenAccount given={given} onClose={() => setGiven(undefined)} />}
    </div>
  );
}

function columnsOf(
  me: Person,
  onEdit: (person: PersonInfo) => void,
  onChange: () => void,
): Column<PersonInfo>[] {
  const isMe = (person: PersonInfo) => isSame(person, me);
  return [
    {
      title: 'Name',
      cell: (person) => (
        <>
          <span class="manage-name">{person.name}</span> {isMe(person) && <Badge>You</Badge>}
        </>
      ),
    },
    { title: 'Role', cell: ({ role }) => ROLES[role].label },
    {
      title: 'Signs in',
      cell: ({ disabled, hasSecondFactor }) => {
        if (disabled !== null) return <StatusBadge of="off">Kept from it</StatusBadge>;
        return hasSecondFactor ? 'with a second factor' : 'with a password';
      },
    },
    { title: 'Since', cell: ({ created }) => dateTime(created) },
    {
      title: 'Actions',
      kind: 'actions',
      cell: (person) => (
        <div class="ui-buttons">
          <Button icon={Pencil} label={`Change ${person.name}`} onClick={() => onEdit(person)}>
            Change
          </Button>
          {!isMe(person) && (
            <Button
              kind="danger"
              icon={Trash2}
              label={`Remove ${person.name}`}
              onClick={() => void remove(person, onChange)}
            >
              Remove
            </Button>
          )}
        </div>
      ),
    },
  ];
}

/** Capitals do not count where people sign in. */
function isSame({ name }: PersonInfo, me: Person): boolean {
  return name.toLowerCase() === me.name.toLowerCase();
}

async function remove({ id, name }: PersonInfo, onChange: () => void): Promise<void> {
  const wasTried = await confirmAndTell({
    title: `Remove the account of ${name}?`,
    text: `${name} is signed out everywhere at once, and cannot sign in any more. Keys and links that ${name} made stay good.`,
    action: 'Remove the account',
    ask: () => api.delete(`/people/${part(id)}`),
    done: `Removed the account of ${name}.`,
  });
  if (wasTried) onChange();
}
