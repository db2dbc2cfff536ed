import { expect, test } from '../support/test';

const GALAXY = "Ana's Galaxy";

test('a phone without a network is reset when it comes back, and a tab opened later says so', async ({ portal, tab, phone, program }) => {
  await portal.signIn();
  const id = await portal.open(GALAXY);
  const inHand = await phone(id);
  await inHand.goOffline();
  // Long enough to be missed.
  program.jump(60);
  await expect(async () => {
    await portal.page.goto('/devices');
    await expect(portal.card("Ana's iPhone")).toContainText('Online', { timeout: 200 });
  }).toPass();
  await expect(portal.card(GALAXY)).toContainText('Offline');
  await portal.prove(GALAXY);
  await expect(portal.main).toContainText('It is offline now. The reset waits until it checks in again.');
  await portal.button('Reset Passcode').click();
  await portal.told('Waiting for the device.');
  await expect(portal.main).toContainText('The device is offline now. Switch it on and give it a network.');
  await expect(portal.button('Show temporary passcode')).toHaveCount(0);
  expect(program.journal(id)).toEqual(['received']);
  const meanwhile = await tab();
  await meanwhile.page.goto('/devices');
  await expect(meanwhile.card(GALAXY)).toContainText('Reset waiting for the device');
  await expect(meanwhile.flag).toHaveAccessibleName('Notifications');

  await inHand.goOnline();
  await portal.done();
  expect(program.journal(id)).toEqual(['received', 'delivered', 'executed']);
  expect(await inHand.unlock(await portal.show())).toBe('Unlocked');
  const later = await tab();
  await later.page.goto('/devices');
  await expect(later.flag).toHaveAccessibleName('Notifications, 1 unread');
  await expect(later.card(GALAXY)).toContainText('Reset done');
});
