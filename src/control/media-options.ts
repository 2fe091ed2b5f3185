import type { StreamName } from '../base/names.ts';
import type { FromMedia, MediaOptions, MediaTuning, PerApp } from '../channel/messages.ts';
import type { AppDirectory } from './access/app-directory.ts';
import { type Listening, socketAddress } from './addresses.ts';
import type { AppSettings, Config } from './config/config.ts';
import { onePortOf } from './front-door/settings.ts';

/** What the media thread is started with. */
export function mediaOptionsOf(
  config: Config,
  tuning: MediaTuning,
  demo: StreamName | undefined,
): MediaOptions {
  return {
    rtmp: config.rtmp.enabled ? listen(config.rtmp) : undefined,
    iceTcp: listen(config.ice.tcp),
    iceUdp: listen(config.ice.udp),
    onePortUdp: onePortUdpOf(config),
    tuning,
    demo,
  };
}

/** How the media of publishers is to be treated from now on: the database over the configuration. */
export function mediaTuningOf(apps: AppDirectory): MediaTuning {
  return {
    opusBitrateBps: apps.defaults.opusBitrate,
    bFrames: perApp(apps, ({ bFrames }) => bFrames),
    audioCoalescing: perApp(apps, ({ audioCoalescing }) => audioCoalescing),
  };
}

type Ports = Extract<FromMedia, { type: 'ready' }>['ports'];

/**
 * Where media comes in, with the ports as bound. The one port is first: it gets through most networks.
 *
 * @param onePortTcp undefined where it is not open, or not for media
 */
export function mediaSocketsOf(
  config: Config,
  ports: Ports,
  onePortTcp: number | undefined,
): Record<'udp' | 'tcp', Listening[]> {
  const { udp: classicUdp, tcp: classicTcp } = config.ice;
  const udp = [{ ...listen(classicUdp), port: ports.iceUdp }];
  const tcp = [{ ...listen(classicTcp), port: ports.iceTcp }];
  const { address = '' } = onePortOf(config) ?? {};
  if (ports.onePortUdp !== undefined) udp.unshift({ address, port: ports.onePortUdp });
  if (onePortTcp !== undefined) tcp.unshift({ address, port: onePortTcp });
  return { udp, tcp };
}

/** Undefined where there is none, or the other UDP port has its number already. */
export function onePortUdpOf(config: Config): Listening | undefined {
  const onePort = onePortOf(config);
  if (!onePort?.protocols.includes('ice-udp')) return undefined;
  const { address, port } = onePort;
  return port !== 0 && port === config.ice.udp.port ? undefined : { address, port };
}

function listen({ address, port }: Listening): Listening {
  return { address: socketAddress(address), port };
}

function perApp<Value>(
  directory: AppDirectory,
  read: (settings: AppSettings) => Value,
): PerApp<Value> {
  const entries = directory.listed.flatMap((app) => {
    const settings = directory.find(app);
    return settings === undefined ? [] : [[app, read(settings)] as const];
  });
  return { initial: read(directory.defaults), apps: new Map(entries) };
}
