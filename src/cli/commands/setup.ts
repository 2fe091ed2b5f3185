/** The first minute: a few questions, or options for scripts, and a server that only has to be started. */
import type { Command } from 'commander';
import type { ServerInfo } from '../../api/server.ts';
import type { Config } from '../../control/config/config.ts';
import { configOf, USUAL_FILE } from '../../control/config/load.ts';
import { askPassword } from '../ask-password.ts';
import { mistake } from '../command-error.ts';
import { connect } from '../connection.ts';
import { type Context, does } from '../context.ts';
import { type Finding, findingLines } from '../doctor/finding.ts';
import { checkAddresses, checkPorts } from '../doctor/network.ts';
import { checkAnswers } from '../doctor/reach.ts';
import { checkTls } from '../doctor/tls.ts';
import type { Print } from '../output.ts';
import {
  type Answers,
  checkApp,
  checkDomain,
  checkOwner,
  checkPassword,
} from '../setup/answers.ts';
import { withAnswers } from '../setup/configuration.ts';
import { type Checked, Dialogue } from '../setup/dialogue.ts';
import {
  checkFree,
  type Given,
  interview,
  isOwner,
  isOwnerNamed,
  type Present,
} from '../setup/interview.ts';
import { nextSteps } from '../setup/next-steps.ts';
import {
  bannerOf,
  keyOf,
  makeOwner,
  peopleOf,
  readConfigFile,
  writeConfigFile,
} from '../setup/set-up.ts';

type Options = {
  readonly domain?: string;
  readonly owner?: string;
  readonly app?: string;
  readonly yes?: true;
};

/** What a shell says of a program that Ctrl-C ended. */
const EXIT_INTERRUPTED = 130;
const EXAMPLE_APP = 'live';

export function addSetupCommand(program: Command, print: Print): void {
  does(
    program
      .command('setup')
      .description('the first minute: asks for what a server needs, and writes it down')
      .option('--domain <name>', 'the name that leads to this machine; brings HTTPS')
      .option('--owner <name>', "the owner's account; its password is asked for, or piped in")
      .option('--app <name>', 'the first app, listed in the configuration')
      .option('--yes', 'ask nothing: take the options, leave the rest as it is'),
    print,
    setup,
  );
}

/** From the answers to the changes: what is to be written, and what was found. */
type Plan = {
  readonly present: Present;
  readonly answers: Answers;
  readonly former: string | undefined;
  readonly text: string;
  readonly config: Config;
};

async function setup(context: Context, options: Options): Promise<void> {
  const given = readOptions(options);
  const configFile = context.options.config ?? USUAL_FILE;
  const former = readConfigFile(configFile);
  const config = configOf(former ?? '', configFile, settingsOf(context));
  const present: Present = { config, configFile, people: await peopleOf(config) };
  const planWith = (answers: Answers): Plan => {
    const text = withAnswers(former, answers);
    const planned = configOf(text, configFile, settingsOf(context));
    return { present, answers, former, text, config: planned };
  };
  if (options.yes === true) {
    const plan = planWith(await answersIn(given, present));
    return finish(context, plan, await check(plan.config));
  }
  if (!(process.stdin.isTTY && process.stderr.isTTY)) throw mistake(NO_TERMINAL);
  const dialogue = openDialogue();
  try {
    const plan = planWith(await interview(dialogue, given, present));
    dialogue.say('\nLooking at ports, addresses and names ...');
    const findings = await check(plan.config);
    dialogue.say(`${findingLines(findings).join('\n')}\n`);
    if (!(await dialogue.confirm(sayPlan(plan), true))) {
      return dialogue.say(NOTHING_CHANGED);
    }
    dialogue.close();
    await finish(context, plan, findings);
  } finally {
    dialogue.close();
  }
}

const NOTHING_CHANGED = 'Nothing was changed.';
const NO_TERMINAL =
  'this is no terminal to ask in. Say all by options: millrace setup --domain live.example.net --app live --owner ann --yes, with the password piped in.';

function openDialogue(): Dialogue {
  return new Dialogue({
    input: process.stdin,
    write: (text) => process.stderr.write(text),
    onCancel: () => {
      process.stderr.write(`\n${NOTHING_CHANGED}\n`);
      process.exit(EXIT_INTERRUPTED);
    },
  });
}

function settingsOf({ options: { stateDir } }: Context): ReadonlyMap<string, unknown> {
  return new Map(stateDir === undefined ? [] : [['state_dir', stateDir]]);
}

function readOptions({ domain, app, owner }: Options): Given {
  return {
    domain: domain === undefined ? undefined : valid(checkDomain(domain)),
    app: app === undefined ? undefined : valid(checkApp(app)),
    owner: owner === undefined ? undefined : valid(checkOwner(owner)),
  };
}

function valid<Value>(checked: Checked<Value>): Value {
  if ('wrong' in checked) throw mistake(checked.wrong);
  return checked.value;
}

/** Without questions: nothing that is there is replaced. */
async function answersIn({ domain, app, owner }: Given, present: Present): Promise<Answers> {
  const { config, configFile, people } = present;
  if (domain !== undefined && config.domain !== undefined && domain !== config.domain) {
    throw mistake(
      `${configFile} has domain: ${config.domain}. Change it there, or leave --domain out.`,
    );
  }
  if (owner === undefined || isOwnerNamed(people, owner)) return { domain, app, owner: undefined };
  const name = valid(checkFree(owner, people));
  return { domain, app, owner: { name, password: valid(checkPassword(await askPassword())) } };
}

async function check(config: Config): Promise<Finding[]> {
  const running = await connect(config.stateDir)?.get<ServerInfo>('/server');
  return [
    ...(await checkPorts(config, running)),
    ...(await checkAddresses(config, running)),
    ...(running === undefined ? await checkAnswers(config) : []),
    // The certificate that is served now may be another's: only what is planned counts.
    await checkTls(config, false, Date.now()),
  ];
}

function sayPlan({ answers, former, text, present: { configFile } }: Plan): string {
  const steps = [
    ...(text === former ? [] : [`${former === undefined ? 'write' : 'change'} ${configFile}`]),
    ...(answers.owner === undefined ? [] : [`make the account of ${answers.owner.name}, as owner`]),
    'make the first key, where there is none',
  ];
  return `To do: ${steps.join('; ')}. Go on?`;
}

async function finish(
  context: Context,
  { present, answers, former, text, config }: Plan,
  findings: readonly Finding[],
): Promise<void> {
  const { configFile, people } = present;
  if (text !== former) writeConfigFile(configFile, text);
  if (answers.owner !== undefined) await makeOwner(config, answers.owner);
  const made = keyOf(config);
  const app = answers.app ?? config.apps?.keys().next().value ?? EXAMPLE_APP;
  const banner = await bannerOf(config, app, made);
  const owner = answers.owner?.name ?? people.find(isOwner)?.name ?? null;
  const { config: named, stateDir } = context.options;
  const steps = await nextSteps(config, {
    isRunning: connect(config.stateDir) !== undefined,
    configFile: named,
    stateDir,
    hasOwner: owner !== null,
  });
  const { key } = made;
  const report = {
    configFile,
    changed: text !== former,
    owner,
    app,
    key: key.secret?.reveal() ?? null,
    keyFile: key.file,
    findings,
  };
  context.output.show(report, () =>
    [
      // In a terminal they were shown before the last question.
      ...(process.stdin.isTTY ? [] : [...findingLines(findings), '']),
      text === former ? `${configFile}: as it was.` : `${configFile}: written.`,
      `Owner: ${owner ?? 'none yet'}.`,
      '',
      banner,
      ...steps,
    ].join('\n'),
  );
}
