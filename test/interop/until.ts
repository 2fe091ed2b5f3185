/** Waiting for a condition in a page that keeps its policy: what playwright would put into the page may not be evaluated there. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Frame, Page } from 'playwright-core';

const POLL_MS = 100;

export async function until(
  page: Page | Frame,
  condition: string,
  timeoutMs = 20_000,
): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  while (!(await page.evaluate(`Boolean(${condition})`))) {
    if (performance.now() > endMs) throw new Error(`not in ${timeoutMs} ms: ${condition}`);
    await sleep(POLL_MS);
  }
}
