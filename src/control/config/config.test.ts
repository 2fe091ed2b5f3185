import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { StartError } from '../start-error.ts';
import { appSettings, toConfig } from './config.ts';
import { loadConfig } from './load.ts';
import { parseOptions } from './options.ts';
import { parseSettings } from './parse.ts';
import { writeExample } from './reference.ts';

const nothing = () => undefined;

function mistake(text: string): string {
  try {
    parseSettings(text, 'm.yaml');
  } catch (error) {
    assert.ok(error instanceof StartError);
    return error.message;
  }
  return 'no mistake';
}

test('is complete without a file', () => {
  const config = toConfig(new Map());
  assert.equal(config.http.port, 3333);
  assert.equal(config.ice.udp.port, 10_000);
  assert.equal(config.apps, undefined);
  assert.equal(appSettings(config, 'any').viewerTransport, 'tcp');
});

test('a hook is asked for less time than OBS waits', () => {
  const { admissionTimeoutMs } = appSettings(toConfig(new Map()), 'any');
  // Connecting and answering; OBS gives a whole POST 8 s.
  assert.ok(2 * admissionTimeoutMs < 8000);
});

test('the example holds every default', () => {
  assert.deepEqual(toConfig(parseSettings(writeExample(), 'example')), toConfig(new Map()));
});

test('the commented-out parts of the example are valid too', () => {
  const text = writeExample().replaceAll(/^# (.*(?:: .*|:)|\s+.*:.*)$/gm, (line, rest: string) =>
    /^\s*(domain|stun_server|static_dir|apps|show|viewer_transport):/.test(rest) ? rest : line,
  );
  const config = toConfig(parseSettings(text, 'example'));
  assert.deepEqual(config.stunServer, { host: 'stun.example.net', port: 3478 });
  assert.deepEqual(config.apps, new Map([['show', { viewerTransport: 'tcp' }]]));
});

test('bytes are counted in thousands', () => {
  const allowance = (text: string) =>
    toConfig(parseSettings(`limits: {egress_per_month: ${text}}`, 'm.yaml')).limits.egressPerMonth;
  assert.equal(allowance('20T'), 20e12);
  assert.equal(allowance('1.5T'), 1.5e12);
  assert.equal(allowance('500G'), 500e9);
  assert.equal(allowance('1000'), 1000);
  for (const wrong of ['20TB', '-1', '12345G', 'T']) {
    assert.match(mistake(`limits: {egress_per_month: ${wrong}}`), /500G or 20T/);
  }
});

test('an app takes from the defaults what it does not set', () => {
  const text =
    'app_defaults: {publisher_transport: udp}\napps: {show: {viewer_transport: udp}, talk: }\n';
  const config = toConfig(parseSettings(text, 'm.yaml'));
  assert.deepEqual([...(config.apps?.keys() ?? [])], ['show', 'talk']);
  assert.deepEqual(appSettings(config, 'show'), {
    ...config.appDefaults,
    viewerTransport: 'udp',
    publisherTransport: 'udp',
    audioCoalescing: false,
    bFrames: 'drop',
    opusBitrate: 128_000,
  });
});

const mistakes: readonly { yaml: string; says: RegExp }[] = [
  { yaml: 'htp:\n  port: 1\n', says: /^m\.yaml:1:1: unknown key "htp"\. Did you mean "http"\?$/ },
  { yaml: 'http:\n  prot: 1\n', says: /^m\.yaml:2:3: unknown key "prot"\. Did you mean "port"/ },
  { yaml: 'http:\n  tls: 1\n', says: /^m\.yaml:2:3: .* in http are address, port\.$/ },
  { yaml: 'http:\n  port: 70000\n', says: /^m\.yaml:2:9: http\.port is 70000\. It must be a port/ },
  { yaml: 'http:\n  port: "80"\n', says: /^m\.yaml:2:9: http\.port is "80"\./ },
  { yaml: 'http:\n  port:\n', says: /^m\.yaml:2:8: http\.port is empty/ },
  { yaml: 'http: 80\n', says: /^m\.yaml:1:7: http must hold keys/ },
  { yaml: '- a\n', says: /^m\.yaml:1:1: the file must hold keys/ },
  { yaml: 'http: {port: {a: 1}}\n', says: /^m\.yaml:1:14: http\.port is a group of keys/ },
  { yaml: 'a: &x 1\nlog_level: *x\n', says: /^m\.yaml:1:1: unknown key "a"/ },
  { yaml: 'log_level: *x\n', says: /^m\.yaml:1:12: / },
  { yaml: 'rtmp: {enabled: yes}\n', says: /^m\.yaml:1:17: .*"yes"\. It must be true or false\.$/ },
  { yaml: 'ice: {udp: {address: localhost}}', says: /^m\.yaml:1:22: .* IPv4 or IPv6 address/ },
  { yaml: 'public_addresses: 1.2.3.4', says: /^m\.yaml:1:19: .* a list of IPv4/ },
  { yaml: 'app_defaults: {opus_bitrate: 1k}', says: /^m\.yaml:1:30: .* from 16k to 510k\.$/ },
  { yaml: 'apps: {"a b": {}}', says: /^m\.yaml:1:8: "a b" is no name for an app/ },
  { yaml: 'http:\n  port: 1\n  port: 2\n', says: /^m\.yaml:3:3: .*unique/ },
  { yaml: 'http: [1\n', says: /^m\.yaml:\d+:\d+: this is not YAML/ },
  { yaml: 'constructor: 1\n', says: /^m\.yaml:1:1: unknown key "constructor"/ },
];

for (const { yaml, says } of mistakes) {
  test(`says where and how to mend: ${JSON.stringify(yaml)}`, () =>
    assert.match(mistake(yaml), says));
}

test('survives every truncation of the example', () => {
  const text = readFileSync('config/example.yaml', 'utf8');
  for (let end = 0; end < text.length; end += 1) mistake(text.slice(0, end));
});

test('options go before the file', () => {
  const args = ['--http-port', '80', '--demo', '--public-address', '192.0.2.1'];
  const options = parseOptions([...args, '--public-address', '::1'], nothing);
  assert.ok(options !== 'help');
  assert.equal(options.demo, true);
  const config = toConfig(options.settings);
  assert.equal(config.http.port, 80);
  assert.deepEqual(config.publicAddresses, ['192.0.2.1', '::1']);
});

test('a bad option is one line that says how to mend it', () => {
  const cases: readonly [string[], RegExp][] = [
    [
      ['--http-prot', '1'],
      /^unknown option '--http-prot' \(Did you mean --http-port\?\) "npm start/,
    ],
    [['--http-port', 'x'], /^--http-port is "x"\. It must be a port/],
    [['--http-port'], /argument missing/],
    [['--public-address', 'example.net'], /^--public-address is "example\.net"/],
    [['stray'], /^too many arguments/],
  ];
  for (const [args, says] of cases) {
    assert.throws(
      () => parseOptions(args, nothing),
      (error) => {
        assert.ok(error instanceof StartError);
        assert.match(error.message, says);
        assert.doesNotMatch(error.message, /\n/);
        return true;
      },
    );
  }
});

test('help lists every option', () => {
  let text = '';
  const options = parseOptions(['--help'], (chunk) => {
    text += chunk;
  });
  assert.equal(options, 'help');
  for (const name of ['--config', '--demo', '--rtmp-port', '--state-dir', '--public-address']) {
    assert.ok(text.includes(name), name);
  }
});

test('the one port may be that of HTTPS, and of nothing else', () => {
  const load = (...args: string[]) => {
    const options = parseOptions(['--domain', 'live.example.net', ...args], () => {});
    assert(options !== 'help');
    return loadConfig(options);
  };
  assert.equal(load().onePort.port, undefined);
  const settings = parseSettings('one_port: {mode: always, port: 3333}', 'millrace.yaml');
  assert.throws(
    () => loadConfig({ configFile: undefined, demo: false, settings }),
    /http\.port and one_port\.port are both 3333/,
  );
});

test('two services on one TCP port are refused by name', () => {
  const load = (...args: string[]) => {
    const options = parseOptions(['--rtmp-port', '3333', ...args], () => {});
    assert(options !== 'help');
    return loadConfig(options);
  };
  assert.throws(() => load(), /http\.port and rtmp\.port are both 3333/);
  assert.equal(load('--http-port', '3334').rtmp.port, 3333);
});
