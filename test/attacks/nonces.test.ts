/**
 * Attack: to wait until a nonce comes twice (CVE-2026-26014). Under one key no index may be used for two packets: with
 * AES-GCM that would give away the plain text and the key that authenticates (RFC 7714 §5.1.2, RFC 3711 §9.1). The
 * fake addon of the scenarios refuses an index that is not above the last of its key and SSRC; here it is driven by
 * everything that makes numbers jump.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { loadCrypto } from '../../bench/client/crypto.ts';
import { writeRtpPacket } from '../../src/protocols/rtp/packet.ts';
import { RtcpWriter } from '../../src/protocols/rtp/rtcp-writer.ts';
import type { MediaWorld } from '../scenarios/media-world.ts';
import { scenario } from '../scenarios/scenario.ts';
import { type TestViewer, VIEWED_TYPES } from '../scenarios/test-viewer.ts';

const RTX_SSRC_OFFSET = 0x100_0000;

/** From here on viewers are offered retransmissions, as browsers ask for them. */
function offerRtx(world: MediaWorld): void {
  const open = world.plane.openViewer.bind(world.plane);
  world.plane.openViewer = (message, nowMs) =>
    open(
      {
        ...message,
        tracks: message.tracks.map((track) =>
          track.kind === 'audio'
            ? track
            : {
                ...track,
                rtxSsrc: track.ssrc + RTX_SSRC_OFFSET,
                nack: true,
                payloadTypes: track.payloadTypes.map((type) => ({
                  ...type,
                  rtxPayloadType: VIEWED_TYPES.rtx,
                })),
              },
        ),
      },
      nowMs,
    );
}

type RtxViewer = TestViewer & { ssrc: number; newest: number };

function view(world: MediaWorld, transport: 'udp' | 'tcp'): RtxViewer {
  const viewer = Object.assign(world.view({ legs: [{ transport }] }), { ssrc: 0, newest: 0 });
  const see = viewer.eye.rtp.bind(viewer.eye);
  viewer.eye.rtp = (packet, nowMs) => {
    if (packet.payloadType === VIEWED_TYPES.video) {
      viewer.ssrc = packet.ssrc;
      viewer.newest = packet.sequenceNumber;
    }
    see(packet, nowMs);
  };
  return viewer;
}

/** Asks again for what came a moment ago, and for what never was. */
function nack(world: MediaWorld, { host, ssrc, newest }: RtxViewer): void {
  if (!host.isConnected || host.isClosed) return;
  const recent = Array.from({ length: 60 }, (_, index) => (newest - 2 * index) & 0xffff);
  const never = Array.from({ length: 60 }, () => world.random.below(65_536));
  for (const wanted of [recent, never]) {
    host.client.sendRtcp(new RtcpWriter().receiverReport(7, []).nack(7, ssrc, wanted).bytes());
  }
  host.flush(world.nowMs);
}

scenario(
  'no SRTP index comes twice: rollovers, skips, restarts, retransmissions, new paths',
  (world) => {
    offerRtx(world);
    world.publishDirectly({ encoder: { bitrateBps: 25_000_000, gop: 60 } });
    const slow = view(world, 'tcp');
    const viewers = [slow, view(world, 'udp')];
    for (let second = 0; second < 29; second++) {
      world.pass(1000);
      for (const viewer of viewers) nack(world, viewer);
      if (second % 7 === 3) slow.tcp.socket.change({ rateBps: 2_000_000 });
      if (second % 7 === 5) slow.tcp.socket.change({ rateBps: 50_000_000 });
      if (second % 10 === 8)
        world.publishDirectly({ encoder: { bitrateBps: 25_000_000, gop: 60 } });
      if (second % 6 === 4) {
        for (const { session, host } of viewers.slice(1)) {
          const { ufrag, pwd } = world.restartIce(session);
          host.client.restartIce(ufrag, pwd, world.nowMs);
          host.flush(world.nowMs);
        }
      }
    }
    const repairs = viewers.reduce((sum, viewer) => sum + viewer.repeated, 0);
    assert.ok(repairs > 100, `${repairs} packets were sent again`);
    world.arenasKept = 1;
    assert.ok(world.addon.packets > 1.5 * 65_536, `${world.addon.packets} packets`);
  },
);

test('every pair of SSRC and index has a keystream of its own, RTP and RTCP apart', () => {
  const crypto = loadCrypto();
  const zeros = new Uint8Array(32);
  for (const [profile, saltBytes] of [
    ['aead-aes-128-gcm', 12],
    ['aes128-cm-sha1-80', 14],
  ] as const) {
    const keys = { key: randomBytes(16), salt: randomBytes(saltBytes) };
    const srtp = crypto.createSrtp(profile, keys, keys);
    const seen = new Set<string>();
    const note = (bytes: Uint8Array): void => {
      const keystream = Buffer.from(bytes).toString('hex');
      assert.ok(!seen.has(keystream), profile);
      seen.add(keystream);
    };
    const numbers = [0, 1, 2, 0x7fff, 0x8000, 0xfffe, 0xffff];
    for (const ssrc of [0, 1, 0x0001_0000, 0xffff_ffff]) {
      for (const roc of [0, 1, 0x0001_0000, 0xffff_ffff]) {
        for (const sequenceNumber of numbers) {
          const header = { payloadType: 96, marker: false, timestamp: 0 };
          const packet = writeRtpPacket({ ...header, ssrc, sequenceNumber, payload: zeros });
          note(srtp.protectRtp(packet, 12, roc).subarray(12, 12 + 32));
        }
      }
      for (const index of [...numbers, 0x0001_0000, 0x7fff_ffff]) {
        const compound = new Uint8Array(40);
        compound.set([0x80, 201, 0, 9, ssrc >>> 24, ssrc >>> 16, ssrc >>> 8, ssrc]);
        note(srtp.protectRtcp(compound, index).subarray(8, 40));
      }
    }
    assert.equal(seen.size, 4 * (4 * numbers.length + numbers.length + 2));
    srtp.free();
  }
});
