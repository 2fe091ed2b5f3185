/** The configuration from where it lies: a file, with the command line's options over it. */
import { existsSync, readFileSync } from 'node:fs';
import { onePortOf } from '../front-door/settings.ts';
import { StartError } from '../start-error.ts';
import { type Config, type Settings, toConfig } from './config.ts';
import type { Options } from './options.ts';
import { parseSettings } from './parse.ts';

/** Read where `--config` names no other; need not be there. */
export const USUAL_FILE = 'millrace.yaml';

/** Reads the file, if there is one. Fails with a {@link StartError}. */
export function loadConfig(options: Options): Config {
  const file = options.configFile ?? (existsSync(USUAL_FILE) ? USUAL_FILE : undefined);
  if (file === undefined) return configOf('', USUAL_FILE, options.settings);
  return configOf(read(file), file, options.settings);
}

/** What a file's text makes, with settings over it; `file` is for the messages. Fails with a {@link StartError}. */
export function configOf(text: string, file: string, settings: Settings): Config {
  const config = toConfig(new Map([...parseSettings(text, file), ...settings]));
  refuseSharedPorts(config);
  return config;
}

/** Two services cannot listen on one TCP port; port 0 is any that is free. */
function refuseSharedPorts(config: Config): void {
  const { http, rtmp, ice, domain, tls } = config;
  const onePort = onePortOf(config);
  const isSecure = tls.mode === 'files' || (tls.mode === 'auto' && domain !== undefined);
  const services = [
    { name: 'http.port', port: http.port },
    { name: 'ice.tcp.port', port: ice.tcp.port },
    ...(rtmp.enabled ? [{ name: 'rtmp.port', port: rtmp.port }] : []),
    ...(isSecure
      ? [
          { name: 'tls.https_port', port: tls.httpsPort },
          { name: 'tls.http_port', port: tls.httpPort },
          { name: 'tls.ovenplayer_port', port: tls.ovenplayerPort },
        ]
      : []),
    ...(onePort === undefined || onePort.isHttpsPort
      ? []
      : [{ name: 'one_port.port', port: onePort.port }]),
  ];
  for (const [index, { name, port }] of services.entries()) {
    const other = services
      .slice(0, index)
      .find((service) => service.port === port && port !== 0 && port !== 'off');
    if (other === undefined) continue;
    throw new StartError(
      `${other.name} and ${name} are both ${port}. Give each its own, in the configuration or by option.`,
    );
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${code})`;
    throw new StartError(
      `${file}: ${why}. Give --config the path of a configuration; config/example.yaml is one to copy.`,
    );
  }
}
