import { expect, test } from '../support/test';

test('what a button brings is next by Tab, not behind the whole page', async ({ page, portal }) => {
  await portal.signIn();
  await portal.reset("Ana's Galaxy");
  await portal.button('Show temporary passcode').press('Enter');
  await expect(portal.passcode).toBeVisible();
  await page.keyboard.press('Tab');
  await expect(portal.button('Copy')).toBeFocused();
  await portal.button('Done').press('Enter');
  await expect(portal.main).toContainText('The temporary passcode is gone.');
  await page.keyboard.press('Tab');
  await expect(portal.button('Reset Passcode')).toBeFocused();
});
