/** The commands beside `serve`: what an owner does from a shell or a script. */
import { Command, type CommanderError } from 'commander';
import { StartError } from '../control/start-error.ts';
import { StoreError } from '../control/store/database.ts';
import { readVersion } from '../control/version.ts';
import { CommandError, EXIT, type ExitCode } from './command-error.ts';
import { addAccessCommands } from './commands/access.ts';
import { addBackupCommands } from './commands/backup.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addEventCommands } from './commands/events.ts';
import { addInstallCommands } from './commands/install.ts';
import { addAppCommands, addSlotCommands, addUserCommands } from './commands/people.ts';
import { addPlanCommands } from './commands/plan.ts';
import { addReloadCommand } from './commands/reload.ts';
import { addSetupCommand } from './commands/setup.ts';
import { addStreamCommands } from './commands/streams.ts';
import { addTargetCommands } from './commands/targets.ts';
import type { Print } from './output.ts';

type Streams = { readonly out: Print; readonly error: Print };

/** Runs one command. What goes wrong is one line on the error stream. @returns how the program is to end */
export async function runCommand(args: readonly string[], streams: Streams): Promise<ExitCode> {
  const program = buildProgram(streams.out);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return (process.exitCode as ExitCode | undefined) ?? EXIT.done;
  } catch (error) {
    const [text, exitCode] = explain(error);
    if (text !== undefined) streams.error(`millrace: ${text}\n`);
    return exitCode;
  }
}

/** All commands, for the reference page too. */
export function buildProgram(print: Print): Command {
  const program = new Command('millrace')
    .description('Live video in from OBS and browsers, out to browsers in under a second.')
    .version(readVersion(), '--version', 'print the version')
    .option(
      '--config <file>',
      'the configuration file (default: millrace.yaml, where there is one)',
    )
    .option('--state-dir <folder>', 'where the server keeps its state, over the configuration')
    .option('--json', 'print JSON, for scripts');
  program.command('serve').description('start the server; also what happens without a command');
  addSetupCommand(program, print);
  addReloadCommand(program, print);
  addStreamCommands(program, print);
  addAccessCommands(program, print);
  addAppCommands(program, print);
  addSlotCommands(program, print);
  addUserCommands(program, print);
  addPlanCommands(program, print);
  addEventCommands(program, print);
  addTargetCommands(program, print);
  addDoctorCommand(program, print);
  addBackupCommands(program, print);
  addInstallCommands(program, print);
  settle(program, print);
  return program;
}

/** Commander's own habits, for each command alike: no exits, nothing printed but by us. */
function settle(command: Command, print: Print): void {
  command
    .exitOverride((error) => {
      throw new UsageError(error, pathOf(command));
    })
    .configureOutput({ writeOut: print, writeErr: () => undefined })
    .helpCommand(false)
    .allowExcessArguments(false);
  for (const child of command.commands) settle(child, print);
}

/** Commander's error, and which command it is about. */
class UsageError extends Error {
  readonly code: string;
  readonly command: string;

  constructor({ code, message }: CommanderError, command: string) {
    super(message);
    this.code = code;
    this.command = command;
  }
}

/** `millrace key add`. */
function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

function explain(error: unknown): readonly [text: string | undefined, exitCode: ExitCode] {
  if (error instanceof UsageError) return explainUsage(error);
  if (error instanceof CommandError) return [error.message, error.exitCode];
  if (error instanceof StartError) return [error.message, EXIT.mistake];
  if (error instanceof StoreError) return [error.message, EXIT.failed];
  throw error;
}

function explainUsage({
  code,
  message,
  command,
}: UsageError): readonly [string | undefined, ExitCode] {
  if (['commander.helpDisplayed', 'commander.version'].includes(code))
    return [undefined, EXIT.done];
  // A command that has commands of its own, and was given none: commander shows its help.
  if (code === 'commander.help')
    return [`say which. "${command} --help" lists what there is.`, EXIT.mistake];
  const text = message.replace(/^error: /, '').replaceAll('\n', ' ');
  const line = /[.?)]$/.test(text) ? text : `${text}.`;
  return [`${line} "${command} --help" says how.`, EXIT.mistake];
}
