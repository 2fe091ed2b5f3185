/** Debian's Janus with its streaming plugin: plain RTP in, WebRTC out. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerProcess } from './process.ts';
import type { Server } from './server.ts';

const HTTP_PORT = 18_088;
const RTP_PORT = 18_100;
const START_TIMEOUT_MS = 10_000;
const VIDEO_PAYLOAD_TYPE = 102;
const AUDIO_PAYLOAD_TYPE = 111;
const LIBRARY = '/usr/lib/x86_64-linux-gnu/janus';

/** As fast as we know to make it: one event loop on its one core, no events, no unused plugins, terse JSON. */
function mainConfig(folder: string): string {
  return `general: {
  configs_folder = "${folder}"
  plugins_folder = "${LIBRARY}/plugins"
  transports_folder = "${LIBRARY}/transports"
  events_folder = "${LIBRARY}/events"
  loggers_folder = "${LIBRARY}/loggers"
  debug_level = 2
  session_timeout = 0
  event_loops = 1
}
plugins: {
  disable = "libjanus_audiobridge.so,libjanus_duktape.so,libjanus_echotest.so,libjanus_lua.so,libjanus_nosip.so,libjanus_recordplay.so,libjanus_sip.so,libjanus_textroom.so,libjanus_videocall.so,libjanus_videoroom.so,libjanus_voicemail.so"
}
transports: {
  disable = "libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_pfunix.so,libjanus_rabbitmq.so,libjanus_websockets.so"
}
loggers: { disable = "libjanus_jsonlog.so" }
`;
}

const HTTP_CONFIG = `general: {
  json = "compact"
  base_path = "/janus"
  http = true
  port = ${HTTP_PORT}
  ip = "127.0.0.1"
  https = false
}
admin: { admin_http = false }
`;

function mountpoint(stream: number): string {
  return `stream-${stream}: {
  type = "rtp"
  id = ${stream + 1}
  audio = true
  audioport = ${audioPort(stream)}
  audioiface = "127.0.0.1"
  audiopt = ${AUDIO_PAYLOAD_TYPE}
  audiocodec = "opus"
  video = true
  videoport = ${videoPort(stream)}
  videoiface = "127.0.0.1"
  videopt = ${VIDEO_PAYLOAD_TYPE}
  videocodec = "h264"
  videofmtp = "profile-level-id=64001f;packetization-mode=1"
}
`;
}

function audioPort(stream: number): number {
  return RTP_PORT + 4 * stream;
}

function videoPort(stream: number): number {
  return audioPort(stream) + 2;
}

export async function startJanus(core: number, streams: number): Promise<Server> {
  const version = janusVersion();
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-janus-'));
  const mountpoints = Array.from({ length: streams }, (_, stream) => mountpoint(stream)).join('\n');
  writeFileSync(join(folder, 'janus.jcfg'), mainConfig(folder));
  writeFileSync(join(folder, 'janus.transport.http.jcfg'), HTTP_CONFIG);
  writeFileSync(join(folder, 'janus.plugin.streaming.jcfg'), mountpoints);
  const janus = new ServerProcess(core, ['janus', '-F', folder], folder);
  const url = `http://127.0.0.1:${HTTP_PORT}/janus`;
  try {
    await janus.until(async () => (await fetch(`${url}/info`)).ok, START_TIMEOUT_MS);
  } catch (error) {
    await janus.stop();
    throw error;
  }
  return {
    name: 'janus',
    version,
    pid: janus.pid,
    publishTarget: (stream) => ({
      protocol: 'rtp',
      address: '127.0.0.1',
      videoPort: videoPort(stream),
      audioPort: audioPort(stream),
      videoPayloadType: VIDEO_PAYLOAD_TYPE,
      audioPayloadType: AUDIO_PAYLOAD_TYPE,
    }),
    pageUrl: () => '',
    viewTarget: (stream) => ({ protocol: 'janus', url, mountpoint: stream + 1 }),
    get logTail() {
      return janus.log;
    },
    stop: () => janus.stop(),
  };
}

function janusVersion(): string {
  try {
    return execFileSync('dpkg-query', ['-W', `--showformat=\${Version}`, 'janus'], {
      encoding: 'utf8',
    });
  } catch {
    throw new Error('Janus is not installed: apt-get install janus');
  }
}
