import { type Locator, type Page } from '@playwright/test';
import { expect, test } from '../support/test';

type Key = 'Enter' | 'Space';

test('the whole reset by keyboard alone', async ({ page, portal, program }) => {
  await page.goto('/sign-in');
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to the content' })).toBeFocused();
  await signIn(page, portal.button('Sign in'));
  await expect(portal.heading('Your devices')).toBeVisible();
  await press(page, portal.card("Ana's Galaxy").getByRole('link'), 'Enter');
  await expect(portal.heading("Ana's Galaxy")).toBeVisible();
  const id = page.url().split('/devices/')[1];
  await press(page, portal.button('Reset Passcode'), 'Space');
  await press(page, portal.button('Sign out'), 'Enter');
  await expect(portal.timer).toBeVisible();
  await signIn(page, portal.button('Sign in'));
  await expect(page.getByRole('heading', { name: 'Step 2 of 2: reset it' })).toBeVisible();
  await press(page, portal.button('Reset Passcode'), 'Space');
  await portal.done();
  await press(page, portal.button('Show temporary passcode'), 'Enter');
  const passcode = (await portal.passcode.innerText()).replace(/\s/g, '');

  await page.goto(`/phones/${id}`);
  await reach(page, page.getByLabel('Passcode', { exact: true }));
  await page.keyboard.type(passcode);
  await press(page, portal.button('Unlock'), 'Space');
  await expect(page.getByRole('status').getByText('Unlocked')).toBeVisible();

  await page.goto(`/devices/${id}`);
  await press(page, portal.button('Show temporary passcode'), 'Space');
  await press(page, portal.button('Done'), 'Space');
  await expect(portal.main).toContainText('The temporary passcode is gone.');
  await press(page, portal.flag, 'Enter');
  await expect(portal.heading('Your notifications')).toBeVisible();
  await press(page, portal.button('Mark all as read'), 'Space');
  await expect(portal.flag).toHaveAccessibleName('Notifications');
  expect(program.journal(id)).toEqual(['received', 'delivered', 'executed']);
});

async function signIn(page: Page, button: Locator): Promise<void> {
  await reach(page, page.getByLabel('User name'));
  await page.keyboard.type('ana');
  await reach(page, page.getByLabel('Password'));
  await page.keyboard.type('ana-demo');
  await press(page, button, 'Enter');
}

async function press(page: Page, target: Locator, key: Key): Promise<void> {
  await reach(page, target);
  await page.keyboard.press(key);
}

/** By Tab, and with a focus that can be seen. */
async function reach(page: Page, target: Locator): Promise<void> {
  await expect(target).toBeVisible();
  for (let presses = 0; presses < 80; presses += 1) {
    const focused = await target.evaluate((element) => {
      if (element !== document.activeElement) return undefined;
      // A card's link shows its focus around the whole card.
      const rings = [getComputedStyle(element), getComputedStyle(element, '::after')];
      return { ring: rings.some((style) => style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2) };
    });
    if (focused) {
      expect(focused.ring, 'the focus can be seen').toBe(true);
      return;
    }
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not lead to ${target}`);
}
