/** Setup's questions, for whatever the options have not said. */
import type { PersonInfo } from '../../api/access.ts';
import type { Config } from '../../control/config/config.ts';
import { type Answers, checkApp, checkDomain, checkOwner, checkPassword } from './answers.ts';
import type { Checked, Dialogue } from './dialogue.ts';

/** What is there already. */
export type Present = {
  readonly config: Config;
  readonly configFile: string;
  readonly people: readonly PersonInfo[];
};

/** Checked options; what they leave out is asked. */
export type Given = {
  readonly domain: string | undefined;
  readonly app: string | undefined;
  readonly owner: string | undefined;
};

const USUAL_APP = 'live';

export async function interview(
  dialogue: Dialogue,
  given: Given,
  present: Present,
): Promise<Answers> {
  dialogue.say(
    'A few questions; nothing is changed before the last. Ctrl-C leaves all as it is.\n',
  );
  const domain = await askDomain(dialogue, given, present);
  const app = given.app ?? (await askApp(dialogue, present));
  return { domain, app, owner: await askOwner(dialogue, given, present) };
}

async function askDomain(
  dialogue: Dialogue,
  given: Given,
  { config, configFile }: Present,
): Promise<string | undefined> {
  const usual = config.domain;
  if (given.domain === undefined) dialogue.say(DOMAIN_HELP);
  const question = { text: 'Domain', check: checkDomain };
  const domain =
    given.domain ?? (await dialogue.ask(usual === undefined ? question : { ...question, usual }));
  if (domain === undefined || usual === undefined || domain === usual) return domain;
  const isSure = await dialogue.confirm(
    `  ${configFile} has domain: ${usual}. Put ${domain} in its place?`,
    false,
  );
  return isSure ? domain : usual;
}

const DOMAIN_HELP =
  'The name that leads to this machine, such as live.example.net: it brings HTTPS. Empty for none.';

function askApp(dialogue: Dialogue, { config }: Present): Promise<string> {
  const [listed] = config.apps?.keys() ?? [];
  dialogue.say(
    'The first part of stream names, as in live/stage; other apps are served when they are listed, too.',
  );
  return dialogue.ask({ text: 'App', usual: listed ?? USUAL_APP, check: checkApp });
}

async function askOwner(
  dialogue: Dialogue,
  given: Given,
  { people }: Present,
): Promise<Answers['owner']> {
  const owner = people.find(isOwner);
  if (given.owner === undefined && owner !== undefined) {
    dialogue.say(`Owner: ${owner.name} has an account already.`);
    return undefined;
  }
  if (given.owner !== undefined && isOwnerNamed(people, given.owner)) return undefined;
  const name =
    given.owner ??
    (await dialogue.ask({
      text: "Owner's name, to sign in with",
      check: (text) => checkFree(text, people),
    }));
  return { name, password: await dialogue.askPassword('Password', checkPassword) };
}

export function isOwner({ role, disabled }: PersonInfo): boolean {
  return role === 'owner' && disabled === null;
}

export function isOwnerNamed(people: readonly PersonInfo[], name: string): boolean {
  return people.some((person) => isOwner(person) && isCalled(person, name));
}

/** A name for a new owner's account. */
export function checkFree(text: string, people: readonly PersonInfo[]): Checked<string> {
  const taken = people.find((person) => isCalled(person, text));
  return taken === undefined
    ? checkOwner(text)
    : {
        wrong: `${taken.name} has an account already, as ${taken.role}. "millrace user role ${taken.name} owner" makes an owner of it.`,
      };
}

/** Upper and lower case are the same, as where people sign in. */
function isCalled(person: PersonInfo, name: string): boolean {
  return person.name.toLowerCase() === name.toLowerCase();
}
