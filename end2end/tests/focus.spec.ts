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

test('what is told before the button is answered leads on by Tab as well', async ({ page, portal }) => {
  await portal.signIn();
  await portal.reset("Ana's Galaxy");
  await portal.button('Show temporary passcode').press('Enter');
  await expect(portal.passcode).toBeVisible();
  let answer = (): void => {};
  const held = new Promise<void>((resolve) => (answer = resolve));
  await page.route('**/api/forget_passcode', async (route) => {
    const response = await route.fetch();
    await held;
    await route.fulfill({ response });
  });
  await portal.button('Done').press('Enter');
  await expect(portal.main).toContainText('The temporary passcode is gone.');
  await expect(page.locator('#passcode')).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(portal.button('Reset Passcode')).toBeFocused();
  const answered = page.waitForResponse('**/api/forget_passcode');
  answer();
  await (await answered).finished();
  await expect(portal.button('Reset Passcode')).toBeFocused();
});

test('what is told meanwhile leaves a person where they are', async ({ page, portal, phone, program }) => {
  await portal.signIn();
  const inHand = await phone(await portal.reset("Ana's Galaxy"));
  await portal.button('Show temporary passcode').click();
  await page.getByText('Read it character by character').click();
  await portal.button('Copy').focus();
  await inHand.goOffline();
  // Long enough to be missed.
  program.jump(60);
  await lookAgainUntil('Offline');
  await expect(portal.button('Copy')).toBeFocused();
  await expect(portal.main.locator('.spelling')).toBeVisible();

  await portal.button('Done').click();
  await expect(portal.main).toContainText('The temporary passcode is gone.');
  await portal.button('Reset Passcode').focus();
  await inHand.goOnline();
  await lookAgainUntil('Online');
  await expect(portal.button('Reset Passcode')).toBeFocused();

  async function lookAgainUntil(connection: string): Promise<void> {
    await expect(async () => {
      await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange', { bubbles: true })));
      await expect(portal.main.getByText(connection, { exact: true })).toBeVisible({ timeout: 500 });
    }).toPass({ timeout: 10_000 });
  }
});
