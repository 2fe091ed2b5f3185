/** Looks at everything that has to be right, and says what to mend. */
import type { Command } from 'commander';
import type { ServerInfo } from '../../api/server.ts';
import { findServer } from '../../control/running-server.ts';
import { readVersion } from '../../control/version.ts';
import { CommandError, EXIT } from '../command-error.ts';
import { connect } from '../connection.ts';
import { type Context, does } from '../context.ts';
import { type Finding, findingLines } from '../doctor/finding.ts';
import {
  checkBbr,
  checkClock,
  checkDisk,
  checkMemory,
  checkNode,
  checkOpenFiles,
  checkSocketBuffers,
} from '../doctor/machine.ts';
import { checkAddresses, checkPorts } from '../doctor/network.ts';
import { checkServer, checkState } from '../doctor/state.ts';
import { checkTls } from '../doctor/tls.ts';
import type { Print } from '../output.ts';

export function addDoctorCommand(program: Command, print: Print): void {
  does(
    program.command('doctor').description('look at everything, and say what to mend'),
    print,
    async (context) => {
      const findings = await examine(context);
      context.output.show(findings, say);
      const wrong = findings.filter(({ ok }) => !ok).length;
      if (wrong === 0) return;
      process.exitCode = EXIT.failed;
    },
  );
}

async function examine(context: Context): Promise<Finding[]> {
  const { config, stateDir } = context;
  const running = findServer(stateDir);
  const info = await askServer(stateDir);
  const answering = typeof info === 'object' ? info : undefined;
  return [
    checkServer(info, readVersion()),
    checkNode(),
    ...checkState(stateDir),
    checkDisk(stateDir),
    checkMemory(),
    checkOpenFiles(running?.pid),
    ...(await checkPorts(config, answering)),
    ...(await checkAddresses(config, answering)),
    await checkTls(config, answering !== undefined, Date.now()),
    checkClock(Date.now()),
    checkSocketBuffers(),
    checkBbr(),
  ];
}

async function askServer(stateDir: string): Promise<ServerInfo | string | undefined> {
  try {
    return await connect(stateDir)?.get<ServerInfo>('/server');
  } catch (error) {
    if (error instanceof CommandError) return error.message;
    throw error;
  }
}

function say(findings: readonly Finding[]): string {
  const wrong = findings.filter(({ ok }) => !ok).length;
  const last = wrong === 0 ? 'All is well.' : `${wrong} of ${findings.length} to look at.`;
  return [...findingLines(findings), '', last].join('\n');
}
