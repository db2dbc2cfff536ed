import type { Page } from '@playwright/test';
import { expect, openAlive, test } from '../support/test';

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

async function moved(page: Page): Promise<number> {
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  return page.evaluate(() => (window as unknown as { moved: number }).moved);
}
