import type { Portal } from '../support/portal';
import type { Program } from '../support/program';
import { expect, openAlive, test } from '../support/test';

const OWN = 'my own Code 7';
const LETTERS_AND_DIGITS = /^(?=.*\d)(?=.*[a-zA-Z])[^\W_0O1lI]{8,16}$/;

const PHONES = [
  {
    name: "Ana's Galaxy",
    effect: 'Removes the existing passcode and creates a temporary passcode with both letters and numbers.',
    looks: LETTERS_AND_DIGITS,
  },
  {
    name: "Ana's Lumia 950",
    effect: /both letters and numbers\. If you’re using Windows Hello facial recognition to log in, it will still be supported\.$/,
    looks: LETTERS_AND_DIGITS,
  },
  {
    name: "Ana's Lumia 635",
    effect: 'Removes the existing passcode and creates a temporary passcode with numbers.',
    looks: /^\d{6,16}$/,
  },
];

for (const { name, effect, looks } of PHONES) {
  test(`${name}: the old passcode no longer opens it, the temporary one does`, async ({ portal, tab, phone, program }) => {
    await portal.signIn();
    const id = await portal.prove(name);
    await expect(portal.main.locator('.effect')).toHaveText(effect);
    await resetAndSeeTheFlag(portal, await tab(), program);
    const first = await portal.show();
    expect(first).toMatch(looks);

    const inHand = await phone(id);
    expect(await inHand.unlock(first)).toBe('Unlocked');
    await inHand.setOwnCode(OWN);
    await inHand.lock();
    expect(await inHand.unlock(OWN)).toBe('Unlocked');
    await inHand.lock();

    await portal.reset(name);
    const second = await portal.show();
    expect(second).toMatch(looks);
    expect(second).not.toBe(first);
    expect(await inHand.unlock(OWN)).toBe('Wrong passcode');
    expect(await inHand.unlock(first)).toBe('Wrong passcode');
    expect(await inHand.unlock(second)).toBe('Unlocked');

    await portal.button('Done').click();
    await expect(portal.main.getByText('The temporary passcode is gone.')).toBeVisible();
    await expect(portal.passcode).toHaveCount(0);
    await portal.page.reload();
    await expect(portal.main.getByText('The temporary passcode is gone.')).toBeVisible();
    await expect(portal.button('Show temporary passcode')).toHaveCount(0);
  });
}

test("Ana's iPhone: the old passcode is gone, and it opens without one", async ({ portal, tab, phone, program }) => {
  await portal.signIn();
  const id = await portal.prove("Ana's iPhone");
  await expect(portal.main.locator('.effect')).toContainText('does not create a temporary passcode. If you’re using the Touch ID');
  await resetAndSeeTheFlag(portal, await tab(), program);
  await expect(portal.button('Show temporary passcode')).toHaveCount(0);

  const inHand = await phone(id);
  expect(await inHand.unlock()).toBe('Unlocked');
  await inHand.setOwnCode(OWN);
  await inHand.lock();
  expect(await inHand.unlock('not it')).toBe('Wrong passcode');

  await portal.reset("Ana's iPhone");
  await inHand.pickUp();
  await expect(inHand.page.getByLabel('Passcode', { exact: true })).toHaveCount(0);
  expect(await inHand.unlock()).toBe('Unlocked');
});

/** Within a second by itself where pages live, with the next page where they do not. */
async function resetAndSeeTheFlag(portal: Portal, other: Portal, program: Program): Promise<void> {
  const raised = other.page.getByRole('button', { name: 'Notifications, 1 unread', exact: true });
  if (portal.still) {
    await portal.button('Reset Passcode').click();
    await portal.done();
    await other.page.goto('/contact');
    await expect(raised).toBeVisible();
  } else {
    await openAlive(other.page, '/contact');
    await expect(other.flag).toHaveAccessibleName('Notifications');
    await portal.button('Reset Passcode').click();
    await expect.poll(() => raised.isVisible(), { intervals: [20] }).toBe(true);
    expect(Date.now() - program.settledAt(), 'milliseconds after it was settled').toBeLessThan(1000);
    await portal.done();
  }
  await expect(portal.flag).toHaveAccessibleName('Notifications, 1 unread');
  await other.page.close();
}
