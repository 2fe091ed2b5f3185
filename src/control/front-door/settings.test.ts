import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toConfig } from '../config/config.ts';
import { parseSettings } from '../config/parse.ts';
import { mediaSocketsOf, onePortUdpOf } from '../media-options.ts';
import { onePortOf } from './settings.ts';

const HTTPS = 'tls: {mode: files, certificate: a.pem, key: b.pem}';

function configOf(...lines: string[]) {
  return toConfig(parseSettings(lines.join('\n'), 'millrace.yaml'));
}

function settingsOf(...lines: string[]) {
  return onePortOf(configOf(...lines));
}

test('there is one where there is HTTPS, on its port', () => {
  assert.equal(settingsOf('domain: localhost'), undefined);
  assert.equal(settingsOf('domain: live.example.net')?.isHttpsPort, true);
  assert.equal(settingsOf(HTTPS)?.port, 443);
});

test('without HTTPS where it is asked for, and nowhere where it is not wanted', () => {
  const alone = settingsOf('one_port: {mode: always, port: 8443}');
  assert.deepEqual([alone?.port, alone?.isHttpsPort], [8443, false]);
  assert.equal(settingsOf(HTTPS, 'one_port: {mode: off}'), undefined);
});

test('it goes where HTTPS goes', () => {
  const moved = settingsOf(HTTPS.replace('}', ', https_port: 9443}'));
  assert.deepEqual([moved?.port, moved?.isHttpsPort], [9443, true]);
});

test('another port than that of HTTPS is its own', () => {
  assert.equal(settingsOf(HTTPS, 'one_port: {port: 8443}')?.isHttpsPort, false);
});

test('without RTMP, encoders are not let in there either', () => {
  const settings = settingsOf(HTTPS, 'rtmp: {enabled: false}');
  assert.deepEqual(settings?.protocols, ['ice-tcp', 'ice-udp']);
});

test('media thread and answers have the ports that are let in', () => {
  const ports = { rtmp: 1935, iceTcp: 3478, iceUdp: 10_000, onePortUdp: 443 };
  const both = configOf(HTTPS);
  assert.equal(onePortUdpOf(both)?.port, 443);
  const { udp, tcp } = mediaSocketsOf(both, ports, 443);
  assert.deepEqual(
    udp.map(({ port }) => port),
    [443, 10_000],
  );
  assert.deepEqual(
    tcp.map(({ port }) => port),
    [443, 3478],
  );
  const neither = configOf(HTTPS, 'one_port: {protocols: [rtmps]}');
  assert.equal(onePortUdpOf(neither), undefined);
  const shut = mediaSocketsOf(neither, { ...ports, onePortUdp: undefined }, undefined);
  assert.deepEqual(
    [...shut.udp, ...shut.tcp].map(({ port }) => port),
    [10_000, 3478],
  );
});

test('one UDP port with its number is enough', () => {
  const config = configOf(HTTPS, 'ice: {udp: {port: 443}}');
  assert.equal(onePortUdpOf(config), undefined);
});
