import type { StreamName } from '../base/names.ts';
import type { MediaOptions } from '../channel/messages.ts';
import { socketAddress } from './addresses.ts';
import { type AppSettings, appSettings, type Config } from './config/config.ts';

/** What the media thread is started with. */
export function mediaOptionsOf(config: Config, demo: StreamName | undefined): MediaOptions {
  const listen = ({ address, port }: { address: string; port: number }) => ({
    address: socketAddress(address),
    port,
  });
  return {
    rtmp: config.rtmp.enabled ? listen(config.rtmp) : undefined,
    iceTcp: listen(config.ice.tcp),
    iceUdp: listen(config.ice.udp),
    opusBitrateBps: config.appDefaults.opusBitrate,
    bFrames: perApp(config, ({ bFrames }) => bFrames),
    audioCoalescing: perApp(config, ({ audioCoalescing }) => audioCoalescing),
    demo,
  };
}

function perApp<Value>(config: Config, read: (settings: AppSettings) => Value) {
  const names = [...(config.apps?.keys() ?? [])];
  return {
    initial: read(config.appDefaults),
    apps: Object.fromEntries(names.map((app) => [app, read(appSettings(config, app))])),
  };
}
