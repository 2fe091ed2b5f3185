/** A server behind a router that forwards its ports: it is told its outer address, and both transports work through it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Chromium } from '../interop/chromium.ts';
import { startPublisher } from '../interop/publisher-process.ts';
import { labRefusal, openLab } from './network.ts';
import { LabServer } from './server.ts';

const skip = labRefusal() ?? false;
/** Of documentation (RFC 5737): nobody has it, and public enough for a browser. */
const OUTSIDE = '203.0.113.7';
const STREAM = 'lab/clock';

for (const transport of ['udp', 'tcp'] as const) {
  test(`behind NAT with a configured address, everybody outside: ${transport}`, {
    skip,
  }, async () => {
    await using lab = await openLab({ seed: 1, down: { delayMs: 10 }, up: { delayMs: 10 } });
    lab.translate(OUTSIDE);
    await using server = await LabServer.start(lab, '', [OUTSIDE]);
    const origin = `http://${OUTSIDE}:3333`;
    const publisher = await startPublisher(
      { url: `${origin}/${STREAM}/whip`, key: server.key },
      lab.inside('client'),
    );
    try {
      await using chromium = await Chromium.start({
        autoplay: 'allowed',
        inside: lab.inside('client'),
        secureOrigin: origin,
      });
      const page = await chromium.open(`${origin}/${STREAM}?transport=${transport}`);
      await page.waitForPicture();
      assert.equal(await page.transport(), transport);
      const { frames } = await page.watch(2000);
      assert.ok(frames.length > 40, `${frames.length} frames in two seconds`);
      const stream = await server.stream(STREAM);
      assert.equal(stream?.publisher?.protocol, 'whip');
    } finally {
      await publisher.kill();
    }
  });
}
