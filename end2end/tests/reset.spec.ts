import type { Portal } from '../support/portal';
import { expect, openAlive, test } from '../support/test';

const OWN = 'my own Code 7';

const PHONES = [
  { name: "Ana's Galaxy", effect: 'temporary passcode with both letters and numbers', looks: /^(?=.*\d)(?=.*[a-zA-Z])[^\W_0O1lI]{8,16}$/ },
  { name: "Ana's Lumia 950", effect: 'Windows Hello facial recognition', looks: /^(?=.*\d)(?=.*[a-zA-Z])[^\W_0O1lI]{8,16}$/ },
  { name: "Ana's Lumia 635", effect: 'creates a temporary passcode with numbers.', looks: /^\d{6,16}$/ },
  { name: "Ana's iPhone", effect: 'does not create a temporary passcode', looks: undefined },
];

for (const { name, effect, looks } of PHONES) {
  test(`${name}: the old passcode no longer opens it, the new one does`, async ({ portal, phone }) => {
    await portal.signIn();
    const id = await portal.prove(name);
    await expect(portal.main.locator('.effect')).toContainText(effect);
    await portal.button('Reset Passcode').click();
    await portal.done();
    const first = looks && (await portal.show());
    const inHand = await phone(id);
    expect(await inHand.unlock(first)).toBe('Unlocked');
    await inHand.setOwnCode(OWN);
    await inHand.lock();
    expect(await inHand.unlock(OWN)).toBe('Unlocked');
    await inHand.lock();

    await portal.reset(name);
    if (looks) {
      const second = await portal.show();
      expect(second).toMatch(looks);
      expect(second).not.toBe(first);
      expect(await inHand.unlock(OWN)).toBe('Wrong passcode');
      expect(await inHand.unlock(second)).toBe('Unlocked');
      await putAway(portal);
    } else {
      await expect(portal.button('Show temporary passcode')).toHaveCount(0);
      expect(await inHand.unlock()).toBe('Unlocked');
    }
  });

  test(`${name}: the flag rises in every open tab`, async ({ portal, tab, still, program }) => {
    await portal.signIn();
    await portal.prove(name);
    const other = await tab();
    if (still) {
      await other.page.goto('/contact');
      await expect(other.flag).toHaveAccessibleName('Notifications');
    } else {
      await openAlive(other.page, '/contact');
    }
    await portal.button('Reset Passcode').click();
    if (still) {
      await portal.done();
      await other.page.reload();
    }
    await expect(other.flag).toHaveAccessibleName('Notifications, 1 unread');
    if (!still) {
      expect(Date.now() - program.settledAt()).toBeLessThan(1000);
    }
    await portal.done();
    await expect(portal.flag).toHaveAccessibleName('Notifications, 1 unread');
  });

  test(`${name}: offline, it is reset when it comes back`, async ({ portal, tab, phone, program }) => {
    await portal.signIn();
    const id = await portal.open(name);
    const inHand = await phone(id);
    await inHand.goOffline();
    await portal.prove(name);
    await portal.button('Reset Passcode').click();
    await portal.told('Waiting for the device.');
    expect(program.journal(id)).toEqual(['received']);

    await inHand.goOnline();
    await expect.poll(() => program.journal(id)).toEqual(['received', 'delivered', 'executed']);
    await portal.done();
    const later = await tab();
    await later.page.goto('/devices');
    await expect(later.flag).toHaveAccessibleName('Notifications, 1 unread');
    await expect(later.card(name)).toContainText('Reset done');
  });
}

/** "Done" erases it, and the page says so. */
async function putAway(portal: Portal): Promise<void> {
  await portal.button('Done').click();
  await expect(portal.main.getByText('The temporary passcode is gone.')).toBeVisible();
  await expect(portal.passcode).toHaveCount(0);
}
