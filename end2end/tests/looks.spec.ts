import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { everyState } from '../support/states';
import { expect, openAlive, test } from '../support/test';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

test.beforeEach(({ still }) => {
  test.skip(still, 'looks the same with JavaScript');
});

test('no barrier on any page, light or dark', async ({ page, program }) => {
  test.setTimeout(240_000);
  const found: string[] = [];
  await everyState(page, program, async (name) => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      for (const barrier of await barriers(page)) found.push(`${name}, ${colorScheme}: ${barrier}`);
    }
  });
  expect(found).toEqual([]);
});

test('nothing is wider than a screen of 320 pixels', async ({ page, program }) => {
  test.setTimeout(120_000);
  await page.setViewportSize({ width: 320, height: 640 });
  const wide: string[] = [];
  await everyState(page, program, async (name) => {
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    if (width > 320) wide.push(`${name}: ${width}`);
  });
  expect(wide).toEqual([]);
});

test('nothing moves when WebAssembly arrives', async ({ page, portal }) => {
  await page.addInitScript(() => {
    const own = window as unknown as { moved: number };
    own.moved = 0;
    new PerformanceObserver((list) => {
      for (const shift of list.getEntries()) own.moved += (shift as unknown as { value: number }).value;
    }).observe({ type: 'layout-shift', buffered: true });
  });
  const moved: string[] = [];
  const look = async (path: string) => {
    const sum = await page.evaluate(() => (window as unknown as { moved: number }).moved);
    if (sum > 0) moved.push(`${path}: ${sum}`);
  };
  await page.goto('/sign-in', { waitUntil: 'networkidle' });
  await look('/sign-in');
  await portal.signIn();
  const id = await portal.open("Ana's Galaxy");
  for (const path of ['/devices', `/devices/${id}`, `/devices/${id}/reset`, '/notifications', '/contact', '/account', '/phones', `/phones/${id}`]) {
    await openAlive(page, path);
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    await look(path);
  }
  expect(moved).toEqual([]);
});

test('no page complains in the console', async ({ page, program }) => {
  test.setTimeout(120_000);
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(`${page.url()}: ${error.message}`));
  page.on('console', (message) => {
    const expected = /status of 4\d\d/.test(message.text());
    if (['error', 'warning'].includes(message.type()) && !expected) complaints.push(`${page.url()}: ${message.text()}`);
  });
  await everyState(page, program, async () => {});
  expect(complaints).toEqual([]);
});

async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run: () => Promise<{ violations: any[] }> } };
    const { violations } = await axe.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node: any) => node.target.join(' ')).join(', ')}`);
  });
}
