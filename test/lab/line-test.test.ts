/** A guest tests his line over paths whose width is known: Chromium, on the page of an invite. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import type { MadeInvite } from '../../src/api/guests.ts';
import { Chromium } from '../interop/chromium.ts';
import { type Lab, labRefusal, openLab } from './network.ts';
import { LabServer } from './server.ts';

const HTTP_PORT = 3333;
const DELAY_MS = 15;
/** What is said may be a little too much, as congestion control swings; a quarter of it is left unused. */
const SHARE_MAX = 1.25;
/** A machine that does other things meanwhile encodes less than there is room for, and says "at least". */
const SHARE_MIN = 0.5;
const RESULT_MS_MAX = 30_000;
const RATES_BPS = [1_500_000, 3_000_000, 8_000_000] as const;

/** The invite's secret; made on the server's side, where the command line's token is. */
async function invite(lab: Lab): Promise<string> {
  const socketPath = await lab.relay('server', HTTP_PORT);
  const { token } = JSON.parse(readFileSync(join(lab.folder, 'state/server.json'), 'utf8'));
  const text = await new Promise<string>((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const asking = request({ socketPath, path: '/api/invites', method: 'POST', headers });
    asking.on('error', reject).on('response', async (response) => {
      resolve(Buffer.concat(await response.toArray()).toString());
    });
    asking.end(JSON.stringify({ name: 'Grace', slots: ['show/grace'] }));
  });
  return (JSON.parse(text) as MadeInvite).url.split('#')[1] ?? '';
}

test('what a guest is told of his line is what the line carries', {
  skip: labRefusal() ?? false,
}, async (t) => {
  await using lab = await openLab({
    ...{ seed: 3, up: { delayMs: DELAY_MS, queueBytes: 64_000 }, down: { delayMs: DELAY_MS } },
  });
  await using server = await LabServer.start(lab);
  await using chromium = await Chromium.start({
    ...{ autoplay: 'allowed', inside: lab.inside('client'), secureOrigin: server.origin },
  });
  const page = await chromium.newPage();
  await page.goto(`${server.origin}/invite#${await invite(lab)}`);
  await page.getByRole('tab', { name: 'OBS' }).click();
  for (const rateBps of RATES_BPS) {
    lab.change({ up: { rateBps } });
    await page.getByRole('button', { name: /^Test (your line|again)$/ }).click();
    await page.getByRole('meter', { name: 'Testing your line' }).waitFor();
    const words = page.getByText(/^Your line carries/);
    await words.waitFor({ timeout: RESULT_MS_MAX });
    const said = (await words.textContent()) ?? '';
    t.diagnostic(`${rateBps / 1e6} Mbit/s: ${said}`);
    const [, bound = '', megabits = ''] = /carries (about|at least) ([\d.]+) Mbit/.exec(said) ?? [];
    const share = (Number(megabits) * 1e6) / rateBps;
    assert.ok(share < SHARE_MAX, said);
    assert.ok(bound === 'at least' || share > SHARE_MIN, said);
  }
});
