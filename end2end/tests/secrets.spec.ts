import type { Page } from '@playwright/test';
import { expect, test } from '../support/test';

test('the temporary passcode is on the page that shows it and nowhere else in the browser', async ({ portal, page, context, program }) => {
  const addresses: string[] = [];
  page.on('request', (request) => addresses.push(request.url()));
  await portal.signIn();
  await portal.reset("Ana's Galaxy");
  const passcode = await portal.show();
  expect(passcode).toMatch(/^\S{8,}$/);
  // Each sign is an element of its own, so that only the text without its spaces has it, and no attribute.
  expect(await said(page)).toContain(passcode);
  expect(await page.content()).not.toContain(passcode);

  const kept = await context.storageState({ indexedDB: true });
  expect(kept.origins, 'local storage and databases').toEqual([]);
  expect(JSON.stringify(kept.cookies)).not.toContain(passcode);
  if (!portal.still) {
    const rest = await page.evaluate(async () => ({
      session: Object.entries(sessionStorage),
      state: history.state,
      caches: 'caches' in window ? await caches.keys() : [],
    }));
    expect(rest).toEqual({ session: [], state: null, caches: [] });
  }

  await portal.button('Done').click();
  await expect(portal.passcode).toHaveCount(0);
  expect(await said(page)).not.toContain(passcode);
  await page.goto('/devices');
  // To the page that showed it.
  await page.goBack();
  await expect(portal.heading("Ana's Galaxy")).toBeVisible();
  expect(await said(page)).not.toContain(passcode);
  for (const path of ['/devices', '/notifications', '/account', '/phones']) {
    await page.goto(path);
    expect(await said(page), path).not.toContain(passcode);
  }
  expect(addresses.join('\n')).not.toContain(passcode);
  expect(program.said).not.toContain(passcode);
});

/** Title and text of the page, hidden ones included. */
async function said(page: Page): Promise<string> {
  const text = await page.locator('html').textContent();
  return `${await page.title()} ${text}`.replace(/\s/g, '');
}
