import type { StreamName } from '../base/names.ts';
import type { FromMedia, MediaOptions } from '../channel/messages.ts';
import { type Listening, socketAddress } from './addresses.ts';
import { type AppSettings, appSettings, type Config } from './config/config.ts';
import { onePortOf } from './front-door/settings.ts';

/** What the media thread is started with. */
export function mediaOptionsOf(config: Config, demo: StreamName | undefined): MediaOptions {
  return {
    rtmp: config.rtmp.enabled ? listen(config.rtmp) : undefined,
    iceTcp: listen(config.ice.tcp),
    iceUdp: listen(config.ice.udp),
    onePortUdp: onePortUdpOf(config),
    opusBitrateBps: config.appDefaults.opusBitrate,
    bFrames: perApp(config, ({ bFrames }) => bFrames),
    audioCoalescing: perApp(config, ({ audioCoalescing }) => audioCoalescing),
    demo,
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

function onePortUdpOf(config: Config): Listening | undefined {
  const onePort = onePortOf(config);
  if (!onePort?.protocols.includes('ice-udp')) return undefined;
  const { address, port } = onePort;
  // The other UDP port may have the number already.
  return port !== 0 && port === config.ice.udp.port ? undefined : { address, port };
}

function listen({ address, port }: Listening): Listening {
  return { address: socketAddress(address), port };
}

function perApp<Value>(config: Config, read: (settings: AppSettings) => Value) {
  const names = [...(config.apps?.keys() ?? [])];
  return {
    initial: read(config.appDefaults),
    apps: Object.fromEntries(names.map((app) => [app, read(appSettings(config, app))])),
  };
}
