import type { Page } from '@playwright/test';
import type { Program } from '../support/program';
import { expect, test } from '../support/test';

test.beforeEach(async ({ portal }) => {
  await portal.signIn();
  await portal.signOutToProve("Ana's Galaxy");
});

test('counts down to nothing, aloud at its marks, and offers to begin again', async ({ page, portal, program }) => {
  await page.clock.install();
  await page.reload();
  await expect(portal.timer).toHaveText(/^4:5\d$/);
  await pass(page, program, 60);
  await expect(portal.timer).toHaveText(/^3:5\d$/);
  await expect(page.getByText('4 minutes left')).toHaveCount(0);
  await pass(page, program, seconds(await portal.timer.textContent()) - 59);
  await expect(portal.timer).toHaveText(/^0:5\d$/);
  await expect(page.getByText('One minute left')).toBeAttached();
  await expect(portal.alert).toHaveText('');
  await pass(page, program, 62);
  await expect(portal.timer).toHaveText('0:00');
  await expect(portal.alert).toContainText('The time is up. Nothing was changed.');
  await expect(portal.alert).toContainText('begin again');

  await portal.signIn();
  await expect(portal.heading("Reset the passcode of Ana's Galaxy")).toBeVisible();
  await expect(portal.button('Reset Passcode')).toHaveCount(0);
  await portal.button('Sign out').click();
  await expect(portal.timer).toHaveText(/^(5:00|4:5\d)$/);
});

test('is the same after a reload, and shorter', async ({ page, portal, program }) => {
  program.jump(100);
  await page.reload();
  await expect(portal.timer).toHaveText(/^3:[12]\d$/);
  await page.reload();
  await expect(portal.timer).toHaveText(/^3:[12]\d$/);
});

test('asks the server again when somebody looks at it again', async ({ page, portal, program }) => {
  // From then on the page lives.
  await Promise.all([page.waitForResponse(/\/api\//), page.reload()]);
  program.jump(100);
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange', { bubbles: true })));
  await expect(portal.timer).toHaveText(/^3:[12]\d$/);
});

test('keeps to the server, whatever the clock of the computer says', async ({ page, portal }) => {
  await page.clock.install();
  for (const day of [-1, 1]) {
    await page.clock.setSystemTime(Date.now() + day * 24 * 60 * 60 * 1000);
    await page.reload();
    await expect(portal.timer).toHaveText(/^4:[3-5]\d$/);
  }
});

/** For the browser and for the server. */
async function pass(page: Page, program: Program, seconds: number): Promise<void> {
  program.jump(seconds);
  await page.clock.fastForward(seconds * 1000);
}

function seconds(text: string | null): number {
  const [minutes, rest] = (text ?? '').split(':').map(Number);
  return minutes * 60 + rest;
}
