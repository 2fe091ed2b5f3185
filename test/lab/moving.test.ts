/** Addresses that change, and addresses of several kinds: the picture finds its way. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Chromium, type ViewerPage } from '../interop/chromium.ts';
import { ClockSource } from '../interop/clock-source.ts';
import { ip, moveClient } from './addressing.ts';
import { ADDRESSES, type Lab, labRefusal, openLab } from './network.ts';
import { LabServer } from './server.ts';

const skip = labRefusal() ?? false;
const STREAM = 'lab/clock';
/** The player notices a silent path after 3 s, and then asks for another. */
const BACK_MS_MAX = 12_000;
const OTHER_CLIENT = '10.77.0.3';
const OTHER_SERVER = '10.77.0.9';

function publish(lab: Lab, server: LabServer): ClockSource {
  const output = { rtmp: server.rtmpUrl(STREAM) };
  return new ClockSource({
    gopSeconds: 1,
    videoKbps: 1500,
    output,
    inside: lab.inside('server'),
  });
}

function openChromium(lab: Lab, server: LabServer): Promise<Chromium> {
  const inside = lab.inside('client');
  return Chromium.start({ autoplay: 'allowed', inside, secureOrigin: server.origin });
}

async function framesSince(page: ViewerPage, sinceMs: number): Promise<number> {
  return (await page.since(sinceMs)).frames.length;
}

for (const transport of ['udp', 'tcp'] as const) {
  test(`a viewer whose address changes sees on, in the same session: ${transport}`, {
    skip,
  }, async (t) => {
    await using lab = await openLab({ seed: 1 });
    await using server = await LabServer.start(lab);
    await using _source = publish(lab, server);
    await using chromium = await openChromium(lab, server);
    const page = await chromium.open(server.page(STREAM, `?transport=${transport}`));
    await page.waitForPicture();
    await delay(2000);
    const session = (await server.stream(STREAM))?.viewers[0]?.session;
    moveClient(lab, OTHER_CLIENT);
    const movedMs = Date.now();
    await delay(1000);
    // What comes from now on came over another path.
    while ((await framesSince(page, movedMs + 1000)) < 10) {
      assert.ok(Date.now() - movedMs < BACK_MS_MAX, `no picture: ${page.console.join(' | ')}`);
      await delay(100);
    }
    t.diagnostic(`picture again after ${Date.now() - movedMs} ms`);
    const viewers = (await server.stream(STREAM))?.viewers;
    assert.deepEqual(
      viewers?.map((viewer) => viewer.session),
      [session],
    );
  });

  const addresses = { 'the second IPv4 address': OTHER_SERVER, IPv6: ADDRESSES.server.ipv6 };
  for (const [what, address] of Object.entries(addresses)) {
    test(`the server is reached at ${what}: ${transport}`, { skip }, async () => {
      await using lab = await openLab({ seed: 1 });
      ip(lab, 'server', 'addr', 'add', `${OTHER_SERVER}/24`, 'dev', 'lab0');
      await using server = await LabServer.start(lab, '', [address]);
      await using _source = publish(lab, server);
      await using chromium = await openChromium(lab, server);
      const page = await chromium.open(server.page(STREAM, `?transport=${transport}`));
      await page.waitForPicture();
      assert.equal(await page.transport(), transport);
    });
  }
}
