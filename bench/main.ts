/** `npm run bench`: see README.md. */
import { availableParallelism } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import { measureBFrames } from './b-frames.ts';
import { measureGlass } from './glass.ts';
import { CONDITIONS, measureLossy } from './lossy.ts';
import { comparePeers, RUNS } from './peers.ts';
import { appendResult, printTable } from './results.ts';
import { soak } from './soak.ts';
import { measureSync } from './sync.ts';
import { runViewers } from './viewers-run.ts';

const program = new Command('npm run bench --')
  .description('Measures this server, and Janus beside it. Without a command: peers, then glass.')
  .enablePositionalOptions();

program
  .command('peers')
  .description('Janus over UDP, this server over UDP and over TCP, in one run')
  .option('--viewers <count>', 'viewers of all streams together', positive, 100)
  .option('--streams <count>', 'streams that are published', positive, 1)
  .option('--http-load <per-second>', 'page requests meanwhile', whole, 0)
  .option('--seconds <count>', 'length of the measured window', positive, 20)
  .option('--server-core <number>', 'core of the server', core, 0)
  .option('--tools-core <number>', 'core of publisher and viewers', core, 1)
  .addOption(
    new Option('--only <runs...>', 'which runs')
      .choices(Object.keys(RUNS))
      .default(Object.keys(RUNS)),
  )
  .action(async ({ serverCore, toolsCore, ...options }) => {
    const cores = { server: serverCore, tools: toolsCore };
    conclude(await comparePeers({ ...options, cores }));
  });

program
  .command('glass')
  .description('glass to glass and first picture, in Chromium')
  .option('--seconds <count>', 'length of the measured window', positive, 20)
  .option('--joins <count>', 'how often a viewer joins', positive, 10)
  .action(async (options) => conclude(await measureGlass(options)));

program
  .command('lossy')
  .description('what Chromium shows while its path is bad; needs root')
  .option('--seconds <count>', 'how long the path is bad', positive, 12)
  .option('--seed <number>', 'which packets are lost', positive, 1)
  .addOption(
    new Option('--only <conditions...>', 'which conditions')
      .choices(Object.keys(CONDITIONS))
      .default(Object.keys(CONDITIONS)),
  )
  .addOption(
    new Option('--transports <names...>', 'of the viewer')
      .choices(['tcp', 'udp'])
      .default(['tcp', 'udp']),
  )
  .action(async (options) => conclude(await measureLossy(options)));

program
  .command('b-frames')
  .description('what a viewer in Chromium sees of streams with B-frames, by what is done with them')
  .option('--seconds <count>', 'length of each measured window', positive, 15)
  .option('--only <encoders...>', 'names of encoder settings')
  .action(async (options) => conclude(await measureBFrames(options)));

program
  .command('sync')
  .description('whether picture and sound stay together in Chromium, minute by minute')
  .option('--minutes <count>', 'how long', positive, 10)
  .addOption(new Option('--publish <protocol>').choices(['rtmp', 'whip']).default('rtmp'))
  .addOption(new Option('--transport <name>').choices(['tcp', 'udp']).default('tcp'))
  .action(async (options) => conclude(await measureSync(options)));

program
  .command('soak')
  .description(
    'joins, leaves, crashes, takeovers and junk, for as long as you like: nothing may grow',
  )
  .option('--minutes <count>', 'how long', positive, 30)
  .option('--viewers <count>', 'seats that viewers come to and go from', positive, 24)
  .option('--seed <number>', 'of all that is random', positive, 1)
  .action(async (options) => conclude(await soak(options)));

program
  .command('swarm')
  .description('many real viewers against any WHEP server')
  .requiredOption('--whep <url>', 'where to watch')
  .option('--whip <url>', 'publish the yardstick stream here first')
  .option('--bearer <token>', 'for --whip')
  .option('--transport <name>', 'udp or tcp', 'udp')
  .option('--server-pid <pid>', 'measure the CPU of this process and its children', positive)
  .option('--viewers <count>', 'viewers', positive, 100)
  .option('--seconds <count>', 'length of the measured window', positive, 20)
  .option('--server-core <number>', 'core of the server', core, 0)
  .option('--tools-core <number>', 'core of publisher and viewers', core, 1)
  .action(
    async ({
      whep,
      whip,
      bearer,
      transport,
      serverPid,
      viewers,
      seconds,
      serverCore,
      toolsCore,
    }) => {
      const report = await runViewers({
        publish: whip ? [{ protocol: 'whip', url: whip, bearer, transport: 'udp' }] : [],
        view: [{ protocol: 'whep', url: whep, transport }],
        serverPid,
        viewers,
        seconds,
        cores: { server: serverCore, tools: toolsCore },
      });
      const names = {
        server: new URL(whep).host,
        version: '',
        publish: whip ? 'whip' : '',
        view: transport,
      };
      const result = { bench: 'swarm', ...names, ...report, ratioToJanusUdp: undefined };
      appendResult(result);
      printTable([result]);
      conclude(report.void.length === 0);
    },
  );

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));
try {
  if (process.argv.length > 2) {
    await program.parseAsync();
  } else {
    for (const command of ['peers', 'glass']) await program.parseAsync([command], { from: 'user' });
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1); // what still runs ends with us
}

/** A slow server is a figure; only a run that means nothing is a failure. */
function conclude(valid: boolean): void {
  if (!valid) process.exitCode = 1;
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError('It must be a whole number from 1.');
  return value;
}

function whole(text: string): number {
  return text === '0' ? 0 : positive(text);
}

function core(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value >= availableParallelism()) {
    throw new InvalidArgumentError(
      `It must be a core of this machine: 0 to ${availableParallelism() - 1}.`,
    );
  }
  return value;
}
