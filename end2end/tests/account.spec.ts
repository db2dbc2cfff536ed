import { Portal } from '../support/portal';
import { expect, openAlive, test } from '../support/test';

const NEW = 'four words in a row';

test('the password is changed by whoever knows it', async ({ portal, page }) => {
  await portal.signIn();
  await page.goto('/account');
  await change(portal, 'not it', NEW);
  await expect(portal.main.getByRole('alert')).toContainText('The current password is not right');
  await page.goto('/account');
  await change(portal, 'ana-demo', NEW);
  await expect(portal.main.getByRole('status').filter({ hasText: 'Your password was changed.' })).toBeVisible();

  await page.getByRole('banner').getByRole('button', { name: 'Sign out' }).click();
  await portal.signIn('ana', 'ana-demo');
  await expect(portal.main.getByRole('alert')).toContainText('wrong');
  await portal.signIn('ana', NEW);
  await expect(portal.heading('Devices')).toBeVisible();
});

test('a session elsewhere is ended from here', async ({ portal, page, browser, baseURL, still }) => {
  const elsewhere = await browser.newContext({ baseURL, javaScriptEnabled: !still });
  const other = new Portal(await elsewhere.newPage(), still);
  await other.signIn();
  await expect(other.heading('Devices')).toBeVisible();
  if (!still) await openAlive(other.page, '/devices');
  await portal.signIn();
  await expect(portal.heading('Devices')).toBeVisible();
  await page.goto('/account');
  await expect(portal.main.getByRole('listitem')).toHaveCount(2);
  await portal.button('End this session').click();
  await expect(portal.main.getByRole('listitem')).toHaveCount(1);

  if (still) {
    await other.page.reload();
    await expect(other.heading('Sign in')).toBeVisible();
  } else {
    await expect(other.main.getByRole('alert')).toContainText('You were signed out in another tab.');
    await expect(other.card("Ana's Galaxy")).toBeHidden();
  }
  await elsewhere.close();
});

async function change(portal: Portal, current: string, next: string): Promise<void> {
  await portal.page.getByLabel('Current password').fill(current);
  await portal.page.getByLabel('New password').fill(next);
  await portal.button('Save the new one').click();
}
