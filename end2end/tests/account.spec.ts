import type { Portal } from '../support/portal';
import { expect, openAlive, test } from '../support/test';

const NEW = 'four words in a row';
const CHANGED = 'Your password was changed. Everywhere else you were signed out.';

test('the password is changed by whoever knows it', async ({ portal, page, elsewhere }) => {
  const other = await elsewhere();
  await other.signIn();
  await expect(other.heading('Your devices')).toBeVisible();
  await portal.signIn();
  await page.getByRole('banner').getByRole('link', { name: 'Ana Marić' }).click();
  await expect(portal.heading('Your account')).toBeVisible();
  await change(portal, 'not it', NEW);
  await expect(portal.alert).toContainText('The current password is not right');
  await page.goto('/account');
  await change(portal, 'ana-demo', NEW);
  await expect(portal.main.getByRole('status').filter({ hasText: CHANGED })).toBeVisible();

  await page.goto('/devices');
  await expect(portal.card("Ana's Galaxy")).toBeVisible();
  await other.page.goto('/devices');
  await expect(other.heading('Sign in')).toBeVisible();
  await other.signIn('ana', 'ana-demo');
  await expect(other.alert).toContainText('The user name or the password is wrong.');
  await other.signIn('ana', NEW);
  await expect(other.card("Ana's Galaxy")).toBeVisible();
});

test('a password of fourteen characters is too short, and one that is tried first no better', async ({ portal, page, elsewhere }) => {
  await portal.signIn();
  await page.goto('/account');
  await change(portal, 'ana-demo', 'a'.repeat(14));
  const field = page.getByLabel('New password');
  expect(await field.evaluate((input: HTMLInputElement) => input.validity.tooShort)).toBe(true);
  await field.evaluate((input) => input.removeAttribute('minlength'));
  await portal.button('Save the new password').click();
  await expect(portal.alert).toContainText('The new password is too short');
  await expect(portal.alert).toContainText('at least 15 characters');

  await page.goto('/account');
  await change(portal, 'ana-demo', 'passwordpassword');
  await expect(portal.alert).toContainText('one of those that are tried first');

  const other = await elsewhere();
  await other.signIn('ana', 'ana-demo');
  await expect(other.heading('Your devices')).toBeVisible();
});

test('a session elsewhere is seen and ended from here', async ({ portal, page, elsewhere, still }) => {
  const other = await elsewhere();
  await other.signIn();
  await expect(other.heading('Your devices')).toBeVisible();
  if (!still) await openAlive(other.page, '/devices');
  await portal.signIn();
  await page.goto('/account');
  const sessions = portal.main.getByRole('region', { name: 'Where you are signed in' }).getByRole('listitem');
  await expect(sessions).toHaveCount(2);
  await expect(sessions.filter({ hasText: 'You are here' })).toHaveCount(1);
  await expect(sessions.filter({ hasText: /(Chrome on (Windows|Linux|Android)|Safari on iPhone)/ })).toHaveCount(2);
  await portal.button('End this session').click();
  await expect(sessions).toHaveCount(1);
  await expect(sessions).toContainText('You are here');

  if (still) {
    await other.page.reload();
    await expect(other.heading('Sign in')).toBeVisible();
  } else {
    await expect(other.alert).toContainText(/You were signed out/);
    await expect(other.card("Ana's Galaxy")).toBeHidden();
  }
});

async function change(portal: Portal, current: string, next: string): Promise<void> {
  await portal.page.getByLabel('Current password').fill(current);
  await portal.page.getByLabel('New password').fill(next);
  await portal.button('Save the new password').click();
}
