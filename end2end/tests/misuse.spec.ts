import { Portal } from '../support/portal';
import { expect, openAlive, test } from '../support/test';

const GALAXY = "Ana's Galaxy";

test('the device of somebody else and one that never was are the same page', async ({ portal, page, browser, baseURL }) => {
  const bens = await browser.newContext({ baseURL });
  const ben = new Portal(await bens.newPage());
  await ben.signIn('ben');
  const id = await ben.open("Ben's Pixel");
  await bens.close();

  await portal.signIn();
  await expect(portal.heading('Devices')).toBeVisible();
  const seen = [];
  for (const device of [id, `virtual.${'0'.repeat(32)}`]) {
    const answer = await page.goto(`/devices/${device}`);
    seen.push({ status: answer?.status(), words: await page.locator('body').innerText(), title: await page.title() });
  }
  expect(seen[0].status).toBe(404);
  expect(seen[0]).toEqual(seen[1]);
});

test('a double click is one command', async ({ portal, program }) => {
  await portal.signIn();
  const id = await portal.prove(GALAXY);
  await portal.button('Reset Passcode').dblclick();
  await portal.done();
  expect(received(program.journal(id))).toBe(1);
});

test('back and reload send nothing again', async ({ portal, program, page }) => {
  await portal.signIn();
  const id = await portal.reset(GALAXY);
  await page.reload();
  await page.goBack();
  await page.goForward();
  await page.reload();
  await expect(portal.heading(new RegExp(GALAXY))).toBeVisible();
  expect(received(program.journal(id))).toBe(1);
});

test('two tabs with one proof are one command', async ({ portal, tab, program }) => {
  await portal.signIn();
  const id = await portal.prove(GALAXY);
  const other = await tab();
  await other.page.goto(`/devices/${id}/reset`);
  await expect(other.page.getByRole('heading', { name: 'Step 2 of 2: reset it' })).toBeVisible();
  await Promise.all([portal.button('Reset Passcode').click(), other.button('Reset Passcode').click()]);
  await portal.done();
  await other.done();
  expect(received(program.journal(id))).toBe(1);
});

test('a tab signed out by another says so', async ({ portal, tab, still }) => {
  test.skip(still, 'without JavaScript it finds out when it asks');
  await portal.signIn();
  await expect(portal.heading('Devices')).toBeVisible();
  const other = await tab();
  await openAlive(other.page, '/devices');
  await portal.page.getByRole('banner').getByRole('button', { name: 'Sign out' }).click();
  await expect(other.main.getByRole('alert')).toContainText('You were signed out in another tab.');
  await expect(other.card(GALAXY)).toBeHidden();
});

function received(journal: string[]): number {
  return journal.filter((event) => event === 'received').length;
}
