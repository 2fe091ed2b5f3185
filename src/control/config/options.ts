/** The command line: `--config`, `--demo`, and an option for each key that `keys.ts` gives one. */
import { Command, CommanderError, Option } from 'commander';
import { StartError } from '../start-error.ts';
import type { Settings } from './config.ts';
import { type AnyKey, type KeyTable, keys } from './keys.ts';
import { isProblem } from './kinds.ts';

export type Options = {
  readonly configFile: string | undefined;
  readonly demo: boolean;
  /** What goes before the configuration file. */
  readonly settings: Settings;
};

/** Reads the arguments after the program's name. `'help'` when help was asked for and `print` has been given it. */
export function parseOptions(
  args: readonly string[],
  print: (text: string) => void,
): Options | 'help' {
  const overrides = overridable(keys, '');
  const command = new Command('npm start --')
    .description('Takes in live video by RTMP and WHIP, shows it in browsers in under a second.')
    .exitOverride()
    .configureOutput({ writeOut: print, writeErr: () => undefined })
    .allowExcessArguments(false)
    .option(
      '--config <file>',
      'the configuration file (default: millrace.yaml, where there is one)',
    )
    .option('--demo', 'publish a test clip as demo/clock', false);
  for (const { key } of overrides) command.addOption(declare(key));
  try {
    command.parse([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.helpDisplayed') return 'help';
    throw new StartError(`${oneLine(error.message)} "npm start -- --help" lists the options.`);
  }
  return toOptions(command.opts(), overrides);
}

type Override = { readonly path: string; readonly key: AnyKey; readonly name: string };

function overridable(table: KeyTable, prefix: string): Override[] {
  return Object.entries(table).flatMap(([word, node]) => {
    const path = prefix + word;
    if ('keys' in node) return overridable(node.keys, `${path}.`);
    if ('each' in node || node.option === undefined) return [];
    // As commander names it in opts(): --http-port is httpPort.
    const name = node.option.slice(2).replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
    return [{ path, key: node, name }];
  });
}

function declare(key: AnyKey): Option {
  const says = key.says.split('. ', 1)[0]?.replace(/\.$/, '') ?? '';
  if (!Array.isArray(key.initial)) return new Option(`${key.option} <${key.kind}>`, says);
  return new Option(`${key.option} <IP address>`, `${says} (may be repeated)`).argParser(
    (value: string, all: string[] | undefined) => [...(all ?? []), value],
  );
}

function toOptions(given: Record<string, unknown>, overrides: readonly Override[]): Options {
  const settings = new Map<string, unknown>();
  for (const { path, key, name } of overrides) {
    if (given[name] === undefined) continue;
    const value = key.read(fromArgument(given[name], key));
    if (isProblem(value)) {
      throw new StartError(`${key.option} is "${given[name]}". It must be ${value.mustBe}.`);
    }
    settings.set(path, value);
  }
  return {
    configFile: given['config'] as string | undefined,
    demo: given['demo'] === true,
    settings,
  };
}

/** Arguments are text; a key whose values are numbers gets a number. */
function fromArgument(value: unknown, key: AnyKey): unknown {
  const isNumber = typeof key.initial === 'number' && /^\d+$/.test(String(value));
  return isNumber ? Number(value) : value;
}

function oneLine(message: string): string {
  const text = message.replace(/^error: /, '').replaceAll('\n', ' ');
  return /[.?)]$/.test(text) ? text : `${text}.`;
}
