/** The program as a service of this machine: put there, replaced by a newer one, taken away. */
import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { readVersion } from '../../control/version.ts';
import { CommandError, EXIT } from '../command-error.ts';
import { does } from '../context.ts';
import { type InstallOptions, install, uninstall, upgrade } from '../install/installation.ts';
import { Target } from '../install/target.ts';
import type { Output, Print } from '../output.ts';

type Options = { readonly root: string; readonly domain?: string; readonly sysctl?: true };

/** The folder with package.json, as seen from src/cli/commands and from dist/cli/commands. */
const SOURCE = fileURLToPath(new URL('../../../', import.meta.url));

export function addInstallCommands(program: Command, print: Print): void {
  does(
    withRoot(program.command('install').description('run as a service of this machine (systemd)'))
      .option('--domain <name>', 'the name that people know this server by')
      .option('--sysctl', 'also set kernel buffers and BBR for many viewers'),
    print,
    async (context, options: Options) => {
      const target = targetOf(options, tell(context.output, print));
      install(target, installOptions(options));
      context.output.show({ installed: readVersion() }, () =>
        target.isRunning
          ? 'Millrace runs, and starts with the machine. What it printed at its start: journalctl -u millrace'
          : `Installed below ${target.root}; it starts with that machine.`,
      );
    },
  );
  does(
    withRoot(
      program
        .command('upgrade')
        .description(
          'put this version in the place of the installed one; its state is saved first',
        ),
    ),
    print,
    async (context, options: Options) => {
      const target = targetOf(options, tell(context.output, print));
      upgrade(target, installOptions(options));
      context.output.show({ installed: readVersion() }, () => `Version ${readVersion()} runs.`);
    },
  );
  does(
    withRoot(program.command('uninstall').description('take the service away')).option(
      '--purge',
      'with its configuration and all of its state',
    ),
    print,
    async (context, options: Options & { readonly purge?: true }) => {
      uninstall(targetOf(options, tell(context.output, print)), options.purge === true);
      context.output.show({ removed: true }, () => 'Millrace is gone.');
    },
  );
}

function withRoot(command: Command): Command {
  return command.option('--root <folder>', 'where the machine is mounted, for images', '/');
}

/** Each step, for people; scripts get the end alone. */
function tell({ isJson }: Output, print: Print): (text: string) => void {
  return (text) => {
    if (!isJson) print(`${text}\n`);
  };
}

function targetOf({ root }: Options, say: (text: string) => void): Target {
  if (process.platform !== 'linux') {
    throw new CommandError('services are made on Linux with systemd only.', EXIT.mistake);
  }
  if (process.getuid?.() !== 0) {
    throw new CommandError('this needs root: put "sudo" ahead of it.', EXIT.mistake);
  }
  const target = new Target(resolve(root), say);
  if (target.isRunning && !target.has('/run/systemd/system')) {
    throw new CommandError(
      'no systemd runs here. Start "millrace serve" by what starts services on this machine.',
      EXIT.mistake,
    );
  }
  return target;
}

function installOptions({ domain, sysctl }: Options): InstallOptions {
  const stamp = new Date().toISOString().replaceAll(/[-:]|\..*/g, '');
  return {
    source: SOURCE,
    release: `${readVersion()}-${stamp}`,
    nodeBinary: realpathSync(process.execPath),
    domain,
    sysctl: sysctl === true,
  };
}
