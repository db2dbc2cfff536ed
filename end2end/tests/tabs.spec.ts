import type { Portal } from '../support/portal';
import { expect, openAlive, test } from '../support/test';

const GALAXY = "Ana's Galaxy";

test('a reset is told in each of ten tabs', async ({ portal, tab }) => {
  await portal.signIn();
  await portal.prove(GALAXY);
  const tabs: Portal[] = [];
  for (let count = 0; count < 9; count += 1) {
    const one = await tab();
    await openAlive(one.page, '/devices');
    tabs.push(one);
  }
  await portal.button('Reset Passcode').click();
  // That the flag rises within a second is asked of a second tab, in the reset itself. How long ten pages take on one
  // machine says more of the machine.
  await Promise.all(
    [portal, ...tabs].map((one) => {
      const raised = one.page.getByRole('button', { name: 'Notifications, 1 unread', exact: true });
      return expect.poll(() => raised.isVisible(), { intervals: [20] }).toBe(true);
    }),
  );
  for (const one of tabs) await expect(one.card(GALAXY)).toContainText('Reset done');
});

test('the clock goes on while the cards wait for an answer', async ({ portal, tab }) => {
  await portal.signIn();
  await portal.prove(GALAXY);
  const other = await tab();
  await openAlive(other.page, '/devices');
  // The first two are answered when they are let go.
  const asked: (() => Promise<void>)[] = [];
  await other.page.route('**/devices', async (route) => {
    if (asked.length < 2) asked.push(() => route.continue());
    else await route.continue();
  });
  await portal.button('Reset Passcode').click();
  await expect(other.flag).toHaveAccessibleName('Notifications, 1 unread');
  // More has happened since the first question: its answer is at once followed by the next one.
  await asked[0]();
  await expect.poll(() => asked.length).toBe(2);
  await other.page.evaluate(() => window.dispatchEvent(new Event('online')));
  await asked[1]();
  await expect(other.card(GALAXY)).toContainText('Reset done');
});

test('what just happened can be put away, and stays with the flag', async ({ portal, page }) => {
  await portal.signIn();
  await portal.reset(GALAXY);
  await page.getByRole('button', { name: 'Close', exact: true }).click();
  await expect(page.getByRole('button', { name: 'Close', exact: true })).toHaveCount(0);
  await expect(portal.flag).toHaveAccessibleName('Notifications, 1 unread');
});

test('read in one tab is read in all', async ({ portal, tab }) => {
  await portal.signIn();
  await portal.reset("Ana's iPhone");
  const other = await tab();
  await openAlive(other.page, '/devices');
  await expect(other.flag).toHaveAccessibleName('Notifications, 1 unread');
  await portal.flag.click();
  await portal.button('Mark all as read').click();
  await expect(other.flag).toHaveAccessibleName('Notifications');
});

test('a tab signed out by another says so', async ({ portal, tab }) => {
  await portal.signIn();
  await expect(portal.heading('Your devices')).toBeVisible();
  const other = await tab();
  await openAlive(other.page, '/devices');
  await portal.page.getByRole('banner').getByRole('button', { name: 'Sign out' }).click();
  await expect(other.alert).toContainText('You were signed out in another tab.');
  await expect(other.card(GALAXY)).toBeHidden();
  await expect(other.flag).toBeHidden();
  await other.main.getByRole('link', { name: 'Go to the start page' }).click();
  await expect(other.heading('Sign in')).toBeVisible();
});

test('the temporary passcode is taken away from a tab that is signed out', async ({ portal, tab }) => {
  await portal.signIn();
  await portal.reset(GALAXY);
  await portal.show();
  const other = await tab();
  await openAlive(other.page, '/devices');
  await other.page.getByRole('banner').getByRole('button', { name: 'Sign out' }).click();
  await expect(portal.alert).toContainText('You were signed out in another tab.');
  await expect(portal.page.locator('.passcode')).toHaveCount(0);
});
