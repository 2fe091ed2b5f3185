/**
 * Looks at a page as people with a desktop and a phone, by day and by night, would: a picture of each for eyes (test-results/screens),
 * and what a machine can tell: nothing on the console, nothing that the policy forbids, nothing wider than the screen, and
 * no violation of WCAG 2.2 AA that axe-core knows.
 */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import type { Chromium } from './chromium.ts';

const PICTURES = fileURLToPath(new URL('../../test-results/screens/', import.meta.url));
/** Evaluated from outside, since the page's policy lets it run nothing but its own. */
const CHECKS = [
  createRequire(import.meta.url).resolve('axe-core/axe.min.js'),
  new URL('./page/screen-checks.js', import.meta.url),
].map((path) => readFileSync(path, 'utf8'));
const WCAG_2_2_AA = JSON.stringify(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']);

const SIZES = [
  { name: 'desktop', width: 1280, height: 800 },
  { name: 'phone', width: 390, height: 844 },
] as const;
const SCHEMES = ['light', 'dark'] as const;
const POLL_MS = 100;

export class Screen {
  readonly page: Page;
  readonly #trouble: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on('console', (message) => {
      if (message.type() === 'error') this.#trouble.push(`console: ${message.text()}`);
    });
    page.on('pageerror', (error) => this.#trouble.push(`uncaught: ${error.message}`));
  }

  /** Opens a page of a browser that was started with `keepsPolicy`. */
  static async open(chromium: Chromium, url: string): Promise<Screen> {
    const screen = new Screen(await chromium.newPage());
    await screen.page.goto(url, { waitUntil: 'load' });
    return screen;
  }

  /** Waits until an expression is true in the page: playwright's own way evaluates text there, which the policy forbids. */
  async until(expression: string, timeoutMs = 20_000): Promise<void> {
    const untilMs = performance.now() + timeoutMs;
    while (!(await this.page.evaluate(`Boolean(${expression})`))) {
      if (performance.now() > untilMs) throw new Error(`never true in the page: ${expression}`);
      await this.page.waitForTimeout(POLL_MS);
    }
  }

  /** What went wrong so far and was expected, such as a request that was to be refused (browsers put each on the console). */
  forgive(pattern: RegExp): void {
    const rest = this.#trouble.filter((line) => !pattern.test(line));
    this.#trouble.splice(0, this.#trouble.length, ...rest);
  }

  /** Looks at what is shown now, in all sizes and schemes; fails for the first that is not right. */
  async inspect(name: string): Promise<void> {
    // Before the looks: a style sheet that did not come spoils them all.
    assert.deepEqual(this.#trouble, [], name);
    mkdirSync(PICTURES, { recursive: true });
    const { page } = this;
    for (const script of CHECKS) await page.evaluate(script);
    for (const { name: device, width, height } of SIZES) {
      for (const colorScheme of SCHEMES) {
        await page.setViewportSize({ width, height });
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        const file = `${name}-${device}-${colorScheme}`;
        // What lies over the page lies over what is in view of it.
        const fullPage = (await page.locator('dialog[open]').count()) === 0;
        if (fullPage) await page.evaluate('scrollTo(0, 0)');
        await page.screenshot({ path: join(PICTURES, `${file}.png`), fullPage });
        const wide = await page.evaluate('screenChecks.tooWide()');
        assert.deepEqual(wide, [], `${file}: wider than the screen`);
        const violations = await page.evaluate(`screenChecks.violations(${WCAG_2_2_AA})`);
        assert.deepEqual(violations, [], file);
      }
    }
    assert.deepEqual(this.#trouble, [], name);
  }
}
