import type { Page } from '@playwright/test';
import { everyState } from '../support/states';
import { expect, openAlive, test } from '../support/test';

test('nothing is wider than a screen of 320 pixels', async ({ page, program }) => {
  test.setTimeout(120_000);
  await page.setViewportSize({ width: 320, height: 640 });
  const wide: string[] = [];
  await everyState(page, program, async (name) => {
    for (const part of await page.evaluate(tooWide)) wide.push(`${name}: ${part}`);
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
  const shifts: string[] = [];
  const look = async () => {
    const sum = await moved(page);
    if (sum > 0) shifts.push(`${page.url()}: ${sum}`);
  };
  await page.goto('/sign-in', { waitUntil: 'networkidle' });
  await look();
  await portal.signIn();
  const id = await portal.open("Ana's Galaxy");
  for (const path of ['/devices', `/devices/${id}`, `/devices/${id}/reset`, '/notifications', '/contact', '/account', '/phones', `/phones/${id}`]) {
    await openAlive(page, path);
    await look();
  }
  await portal.signOutToProve("Ana's Galaxy");
  await Promise.all([page.waitForResponse(/\/api\//), page.reload()]);
  await look();
  expect(shifts).toEqual([]);

  await page.evaluate(() => document.querySelector('main')!.before(Object.assign(document.createElement('p'), { innerText: 'moves' })));
  expect(await moved(page), 'what moves is seen').toBeGreaterThan(0);
});

/** What makes the page wider than the screen, from the outside in. */
function tooWide(): string[] {
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return [];
  const parts = [...document.querySelectorAll('body *')].filter((part) => part.getBoundingClientRect().right > clientWidth + 0.5);
  return [`${scrollWidth} pixels`, ...parts.map((part) => `${part.localName}.${part.getAttribute('class')}`)];
}

async function moved(page: Page): Promise<number> {
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  return page.evaluate(() => (window as unknown as { moved: number }).moved);
}
