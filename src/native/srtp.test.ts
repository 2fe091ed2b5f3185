import { deepEqual, equal } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { mulberry32 } from '../../test/fuzz/mutate.ts';
import type { Srtp, SrtpKeys, SrtpProfile } from '../protocols/webrtc/crypto.ts';
import { createNativeCrypto } from './crypto.ts';
import { loadAddon } from './load.ts';
import { createOracle, type SrtpOracle } from './srtp-oracle.ts';

const SEED = 3711;
const PACKETS = 300;

const addon = loadAddon();
const crypto = createNativeCrypto(addon, addon.certificateNew());

for (const profile of ['aead-aes-128-gcm', 'aes128-cm-sha1-80'] as const) {
  describe(`${profile}: the addon agrees with the oracle`, () => {
    const random = mulberry32(SEED);
    const pair = openPair(profile, random);

    test('on RTP, both ways', () => {
      for (let i = 0; i < PACKETS; i++) {
        const { packet, headerLength, roc } = randomRtp(random);
        const sent = pair.native.protectRtp(packet, headerLength, roc);
        deepEqual(sent, pair.ours.protectRtp(packet, headerLength, roc), `packet ${i}`);
        const received = pair.theirs.protectRtp(packet, headerLength, roc);
        const length = pair.native.unprotectRtp(received, headerLength, roc);
        deepEqual(received.subarray(0, length), packet, `packet ${i}`);
      }
    });

    test('on RTCP, both ways', () => {
      for (let i = 0; i < PACKETS; i++) {
        const packet = randomBytes(random, 8 + below(random, 200));
        const index = below(random, 2 ** 31);
        const sent = pair.native.protectRtcp(packet, index);
        deepEqual(sent, pair.ours.protectRtcp(packet, index), `packet ${i}`);
        const received = pair.theirs.protectRtcp(packet, index);
        const plain = pair.native.unprotectRtcp(received);
        equal(plain?.index, index);
        deepEqual(received.subarray(0, plain?.length), packet, `packet ${i}`);
      }
    });

    test('a packet with any one bit changed is refused, and so is the wrong ROC', () => {
      const { packet, headerLength, roc } = randomRtp(random);
      const rtp = pair.theirs.protectRtp(packet, headerLength, roc);
      const rtcp = pair.theirs.protectRtcp(packet.subarray(0, 60), 7);
      const accepted: string[] = [];
      for (const bit of everyBit(rtp)) {
        const forged = flip(rtp, bit);
        if (pair.native.unprotectRtp(forged, headerLength, roc) >= 0) accepted.push(`rtp ${bit}`);
      }
      for (const bit of everyBit(rtcp)) {
        if (pair.native.unprotectRtcp(flip(rtcp, bit))) accepted.push(`rtcp ${bit}`);
      }
      if (pair.native.unprotectRtp(rtp.slice(), headerLength, roc + 1) >= 0) accepted.push('roc');
      deepEqual(accepted, []);
    });

    test('every truncation is refused, down to nothing', () => {
      const { packet, headerLength, roc } = randomRtp(random);
      const rtp = pair.theirs.protectRtp(packet, headerLength, roc);
      const rtcp = pair.theirs.protectRtcp(packet.subarray(0, 60), 7);
      const accepted: string[] = [];
      for (let length = 0; length < rtp.length; length++) {
        const short = rtp.slice(0, length);
        if (pair.native.unprotectRtp(short, headerLength, roc) >= 0) accepted.push(`rtp ${length}`);
        if (pair.native.unprotectRtcp(rtcp.slice(0, Math.min(length, rtcp.length - 1)))) {
          accepted.push(`rtcp ${length}`);
        }
      }
      deepEqual(accepted, []);
    });

    test('RTCP that says it is not encrypted is refused', () => {
      const packet = pair.theirs.protectRtcp(new Uint8Array(28), 9);
      const indexAt = profile === 'aead-aes-128-gcm' ? packet.length - 4 : packet.length - 14;
      packet[indexAt]! &= 0x7f;
      equal(pair.native.unprotectRtcp(packet), undefined);
    });
  });
}

test('no room for the tag is told by -1, nonsense by an exception', () => {
  const { native } = openPair('aead-aes-128-gcm', mulberry32(SEED));
  const buffer = new Uint8Array(100);
  equal(addon.srtpProtect(native.handle, buffer, 100, 12, 0), -1);
  equal(addon.srtpProtect(native.handle, buffer, 84, 12, 0), 100);
  equal(addon.srtcpProtect(native.handle, buffer, 81, 0), -1);
  equal(addon.srtcpProtect(native.handle, buffer, 80, 0), 100);
  const wrong: [string, () => void][] = [
    ['header behind the packet', () => addon.srtpProtect(native.handle, buffer, 20, 21, 0)],
    ['header too short', () => addon.srtpProtect(native.handle, buffer, 20, 11, 0)],
    ['packet behind the buffer', () => addon.srtpProtect(native.handle, buffer, 101, 12, 0)],
    ['index of 32 bits', () => addon.srtcpProtect(native.handle, buffer, 20, 2 ** 31)],
    ['no such handle', () => addon.srtpProtect(9999, buffer, 20, 12, 0)],
    ['handle 0', () => addon.srtcpUnprotect(0, buffer)],
    ['a string for bytes', () => addon.srtcpUnprotect(native.handle, 'x' as never)],
    ['wrong array', () => addon.srtcpUnprotect(native.handle, new Uint16Array(50) as never)],
    ['no arguments', () => Reflect.apply(addon.srtpProtect, addon, [])],
    ['short key', () => addon.srtpNew(7, buffer, buffer, buffer, buffer)],
    ['unknown profile', () => addon.srtpNew(2, buffer, buffer, buffer, buffer)],
    ['freed twice', () => [native.free(), native.free()]],
  ];
  const silent = wrong.filter(([, call]) => !throws(call)).map(([name]) => name);
  deepEqual(silent, []);
});

type Pair = { native: Srtp; ours: SrtpOracle; theirs: SrtpOracle };

function openPair(profile: SrtpProfile, random: () => number): Pair {
  const local = randomKeys(profile, random);
  const remote = randomKeys(profile, random);
  return {
    native: crypto.createSrtp(profile, local, remote),
    ours: createOracle(profile, local),
    theirs: createOracle(profile, remote),
  };
}

function randomKeys(profile: SrtpProfile, random: () => number): SrtpKeys {
  const saltBytes = profile === 'aead-aes-128-gcm' ? 12 : 14;
  return { key: randomBytes(random, 16), salt: randomBytes(random, saltBytes) };
}

function randomRtp(random: () => number): {
  packet: Uint8Array;
  headerLength: number;
  roc: number;
} {
  const headerLength = 12 + 4 * below(random, 5);
  const packet = randomBytes(random, headerLength + below(random, 1300));
  return { packet, headerLength, roc: below(random, 2 ** 32 - 1) };
}

function randomBytes(random: () => number, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => below(random, 256));
}

function below(random: () => number, limit: number): number {
  return Math.floor(random() * limit);
}

/** Every bit of the ends, where header, index and tag are, and one bit of each byte between. */
function* everyBit(packet: Uint8Array): Generator<number> {
  for (let bit = 0; bit < packet.length * 8; bit++) {
    const at = bit >> 3;
    if (at < 40 || at >= packet.length - 24 || bit % 8 === 0) yield bit;
  }
}

function flip(packet: Uint8Array, bit: number): Uint8Array {
  const forged = packet.slice();
  forged[bit >> 3]! ^= 1 << (bit & 7);
  return forged;
}

function throws(call: () => void): boolean {
  try {
    call();
    return false;
  } catch {
    return true;
  }
}
