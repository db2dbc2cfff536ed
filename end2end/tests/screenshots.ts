import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '../support/test';

const FOLDER = fileURLToPath(new URL('../../docs/screenshots', import.meta.url));
const GALAXY = "Ana's Galaxy";

/** The reset as a person sees it, for docs. */
test('the flow at the width of a phone', async ({ page, portal, phone }) => {
  test.setTimeout(120_000);
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  let place = 0;
  const picture = async (name: string, of = page) => {
    place += 1;
    const numbered = `${String(place).padStart(2, '0')}-${name}`;
    for (const colorScheme of ['light', 'dark'] as const) {
      await of.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await of.screenshot({ path: join(FOLDER, `${numbered}-${colorScheme}.png`), scale: 'css', fullPage: true });
    }
  };

  await page.goto('/sign-in');
  await picture('sign-in');
  await portal.signIn();
  await expect(portal.heading('Your devices')).toBeVisible();
  await picture('devices');
  const id = await portal.open(GALAXY);
  await picture('device');
  const inHand = await phone(id);
  await inHand.goOffline();
  await expect(async () => {
    await page.reload();
    await expect(portal.main.getByText('Offline').first()).toBeVisible({ timeout: 500 });
  }).toPass({ timeout: 60_000 });
  await portal.button('Reset Passcode').click();
  await expect(portal.button('Sign out')).toBeVisible();
  await picture('step-1');
  await portal.button('Sign out').click();
  await expect(portal.timer).toBeVisible();
  await picture('countdown');
  await portal.signIn();
  await expect(page.getByRole('heading', { name: 'Step 2 of 2: reset it' })).toBeVisible();
  await picture('step-2');
  await portal.button('Reset Passcode').click();
  await portal.told('Waiting for the device.');
  await picture('waiting');
  await inHand.goOnline();
  await portal.done();
  await expect(portal.flag).toHaveAccessibleName('Notifications, 1 unread');
  // What the flag said beside itself has gone again.
  await page.reload();
  await picture('done');
  const passcode = await portal.show();
  await picture('passcode');
  await inHand.pickUp();
  await picture('phone-locked', inHand.page);
  await inHand.unlock(passcode);
  await picture('phone-unlocked', inHand.page);
  await portal.flag.click();
  await expect(portal.heading('Your notifications')).toBeVisible();
  await picture('notification');
});
