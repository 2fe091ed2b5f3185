/** What is left to do after setup, on this machine and around it. */
import { findAddresses, isPublic, realSurroundings } from '../../control/addresses.ts';
import type { Config } from '../../control/config/config.ts';
import { onePortOf } from '../../control/front-door/settings.ts';
import { portsOf } from '../doctor/network.ts';

type Situation = {
  readonly isRunning: boolean;
  /** As on the command line; undefined for the usual one. */
  readonly configFile: string | undefined;
  readonly stateDir: string | undefined;
  readonly hasOwner: boolean;
};

export async function nextSteps(config: Config, situation: Situation): Promise<string[]> {
  const { domain } = config;
  const { addresses } = await findAddresses(config, realSurroundings);
  const own = addresses.filter(isPublic);
  const rows: [string, string][] = [
    ['Start', startOf(situation)],
    ['Service', serviceOf(config, situation)],
    ...(domain === undefined ? [] : [['DNS', dnsOf(domain, own)] satisfies [string, string]]),
    ['Firewall', `let in ${openingsOf(config)}`],
    ...(situation.hasOwner
      ? []
      : [
          ['Owner', 'the start prints an address that makes your account'] satisfies [
            string,
            string,
          ],
        ]),
    ['Later', 'millrace doctor looks at everything again'],
  ];
  return ['Next:', ...rows.map(([name, text]) => `  ${name.padEnd(9)} ${text}`)];
}

function startOf({ isRunning, configFile, stateDir }: Situation): string {
  if (isRunning) return 'a server runs: restart it, so that it reads the configuration';
  const options = [
    ...(configFile === undefined ? [] : [`--config ${configFile}`]),
    ...(stateDir === undefined ? [] : [`--state-dir ${stateDir}`]),
  ];
  return ['millrace serve', ...options].join(' ');
}

/** A service has a configuration and a state of its own. */
function serviceOf({ domain }: Config, { configFile }: Situation): string {
  if (configFile?.startsWith('/etc/') === true) return 'systemctl restart millrace';
  const name = domain === undefined ? '' : ` --domain ${domain}`;
  return `sudo millrace install${name}, and "sudo millrace setup" once more, for what it keeps`;
}

function dnsOf(domain: string, addresses: readonly string[]): string {
  const [ipv4, ipv6] = [false, true].map((six) => addresses.find((a) => a.includes(':') === six));
  const records = [
    `an A record for ${domain} with ${ipv4 ?? 'the public IPv4 address of this machine'}`,
    ...(ipv6 === undefined ? [] : [`an AAAA record with ${ipv6}`]),
  ];
  return records.join(', ');
}

function openingsOf(config: Config): string {
  const ports = portsOf(config);
  const onePort = onePortOf(config);
  const list = (wanted: 'TCP' | 'UDP') => {
    const own = ports.filter(({ transport }) => transport === wanted).map(({ port }) => port);
    const all = new Set(onePort === undefined ? own : [...own, onePort.port]);
    return [...all].toSorted((a, b) => a - b).join(', ');
  };
  return `TCP ${list('TCP')} and UDP ${list('UDP')}`;
}
