import { type Locator, type Page } from '@playwright/test';
import { expect, test } from '../support/test';

test('the whole reset by keyboard alone', async ({ page, portal, program }) => {
  await page.goto('/sign-in');
  await signIn(page, portal.button('Sign in'));
  await expect(portal.heading('Devices')).toBeVisible();
  await press(page, portal.card("Ana's Galaxy").getByRole('link'));
  await expect(portal.heading("Ana's Galaxy")).toBeVisible();
  await press(page, portal.button('Reset Passcode'));
  await press(page, portal.button('Sign out'));
  await expect(portal.timer).toBeVisible();
  await signIn(page, portal.button('Sign in'));
  await expect(page.getByRole('heading', { name: 'Step 2 of 2: reset it' })).toBeVisible();
  await press(page, portal.button('Reset Passcode'));
  await portal.done();
  await press(page, portal.button('Show temporary passcode'));
  await expect(portal.passcode).toBeVisible();
  await press(page, portal.button('Done'));
  await expect(portal.main).toContainText('The temporary passcode is gone.');
  await press(page, portal.flag);
  await expect(portal.heading('Your notifications')).toBeVisible();
  const id = (await portal.main.getByRole('link', { name: "Ana's Galaxy" }).getAttribute('href'))!.split('/devices/')[1];
  expect(program.journal(id)).toEqual(['received', 'delivered', 'executed']);
});

async function signIn(page: Page, button: Locator): Promise<void> {
  await reach(page, page.getByLabel('User name'));
  await page.keyboard.type('ana');
  await reach(page, page.getByLabel('Password'));
  await page.keyboard.type('ana-demo');
  await press(page, button);
}

async function press(page: Page, target: Locator): Promise<void> {
  await reach(page, target);
  await page.keyboard.press('Enter');
}

/** By Tab, and with a focus that can be seen. */
async function reach(page: Page, target: Locator): Promise<void> {
  await expect(target).toBeVisible();
  for (let presses = 0; presses < 80; presses += 1) {
    const focused = await target.evaluate((element) => {
      if (element !== document.activeElement) return undefined;
      // A card's link shows its focus around the whole card.
      const rings = [getComputedStyle(element), getComputedStyle(element, '::after')];
      return { ring: rings.some((style) => style.outlineStyle !== 'none') };
    });
    if (focused) {
      expect(focused.ring, 'the focus can be seen').toBe(true);
      return;
    }
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not lead to ${target}`);
}
