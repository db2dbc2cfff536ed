import type { Portal } from '../support/portal';
import { expect, test } from '../support/test';

const GALAXY = "Ana's Galaxy";

test('Cancel leads back at either step, and nothing is sent', async ({ portal, program }) => {
  await portal.signIn();
  const id = await portal.open(GALAXY);
  await portal.button('Reset Passcode').click();
  await expect(portal.main).toContainText('You have to sign back in within five minutes.');
  await portal.button('Cancel').click();
  await expect(portal.heading(GALAXY)).toBeVisible();
  await expect(portal.button('Reset Passcode')).toBeVisible();

  await portal.prove(GALAXY);
  await expect(portal.main).toContainText('Do you have the phone with you, and has it a network?');
  await portal.main.getByText('What happens on each kind of device').click();
  await expect(portal.main.getByRole('row')).toHaveCount(5);
  await portal.button('Cancel').click();
  await expect(portal.heading(GALAXY)).toBeVisible();
  expect(program.journal(id)).toEqual([]);
});

test('too late is said in words, and nothing is sent', async ({ portal, program, page }) => {
  await portal.signIn();
  const id = await portal.signOutToProve(GALAXY);
  program.jump(301);
  await portal.signIn();
  await expect(portal.alert).toContainText('The five minutes were over before you signed back in.');
  await expect(portal.alert).toContainText('nothing was sent');
  await expect(portal.button('Sign out')).toBeVisible();
  await page.goto(`/devices/${id}/reset`);
  await expect(portal.button('Sign out')).toBeVisible();
  await expect(portal.button('Reset Passcode')).toHaveCount(0);
  expect(program.journal(id)).toEqual([]);
});

test('somebody else who signs in learns no device and no name, and ends the window', async ({ portal, program, page }) => {
  await portal.signIn();
  const id = await portal.signOutToProve(GALAXY);
  await portal.signIn('ben');
  await expect(portal.alert).toContainText('You signed in as somebody else');
  await expect(page.locator('body')).not.toContainText('Ana');

  await signOut(portal);
  await expect(portal.timer).toHaveCount(0);
  await portal.signIn('ana');
  await expect(portal.heading('Your devices')).toBeVisible();
  await page.goto(`/devices/${id}/reset`);
  await expect(portal.button('Sign out')).toBeVisible();
  await expect(portal.button('Reset Passcode')).toHaveCount(0);
  expect(program.journal(id)).toEqual([]);
});

test('a wrong password is told beside the fields and keeps the window', async ({ portal, page }) => {
  await portal.signIn();
  await portal.signOutToProve(GALAXY);
  await portal.signIn('ana', 'not it');
  await expect(portal.alert.filter({ hasText: 'The user name or the password is wrong.' })).toBeVisible();
  await expect(page.getByLabel('Password')).toHaveAccessibleDescription(/Caps Lock/);
  await expect(portal.timer).toHaveText(/^(5:00|4:[45]\d)$/);
  await portal.signIn();
  await expect(page.getByRole('heading', { name: 'Step 2 of 2: reset it' })).toBeVisible();
});

test('a second reset while one is under way is refused with a link to it', async ({ portal, phone, page, program }) => {
  await portal.signIn();
  const id = await portal.open(GALAXY);
  await (await phone(id)).goOffline();
  await portal.reset(GALAXY, { until: 'Waiting for the device.' });
  await expect(portal.button('Reset Passcode')).toHaveCount(0);
  await page.goto(`/devices/${id}/reset`);
  await expect(portal.alert).toContainText('A reset of this device is already under way.');
  await expect(portal.button('Sign out')).toHaveCount(0);
  await portal.main.getByRole('link', { name: `See the reset of ${GALAXY}` }).click();
  await expect(portal.main.getByText('Waiting for the device.')).toBeVisible();
  expect(program.commands(id)).toBe(1);
});

test('Cancel reset takes back what has not reached the phone', async ({ portal, phone, program }) => {
  await portal.signIn();
  const id = await portal.open(GALAXY);
  const inHand = await phone(id);
  await inHand.goOffline();
  await portal.reset(GALAXY, { until: 'Waiting for the device.' });
  await portal.button('Cancel reset').click();
  await expect(portal.main.getByText('Cancelled by you before it reached the device. Nothing was changed.')).toBeVisible();
  await expect(portal.flag).toHaveAccessibleName('Notifications');

  await inHand.goOnline();
  await portal.reset(GALAXY);
  expect(program.journal(id)).toEqual(['received', 'cancelled', 'received', 'delivered', 'executed']);
});

test('a phone that is retired meanwhile is gone, and the flag says that it was not reset', async ({ portal, phone, page, program }) => {
  await portal.signIn();
  const id = await portal.open(GALAXY);
  const inHand = await phone(id);
  await inHand.goOffline();
  await portal.reset(GALAXY, { until: 'Waiting for the device.' });
  await inHand.retire();
  await expect.poll(() => program.journal(id)).toEqual(['received', 'refused']);
  await page.goto('/devices');
  await expect(portal.card("Ana's iPhone")).toBeVisible();
  await expect(portal.card(GALAXY)).toHaveCount(0);
  await expect(async () => {
    await page.goto('/notifications');
    await expect(portal.flag).toHaveAccessibleName('Notifications, 1 unread', { timeout: 500 });
  }).toPass({ timeout: 10_000 });
  await expect(portal.main.getByRole('listitem')).toContainText('The passcode was not reset.');
  expect((await page.goto(`/devices/${id}`))?.status()).toBe(404);
});

for (const computer of ["Ana's MacBook", "Ana's Surface"]) {
  test(`${computer} says why it cannot be reset and whom to ask`, async ({ portal }) => {
    await portal.signIn();
    await expect(portal.card(computer)).toContainText('The passcode of a computer cannot be reset from here');
    await expect(portal.card(computer)).toContainText('helpdesk@example.com');
    await portal.open(computer);
    await expect(portal.button('Reset Passcode')).toHaveCount(0);
    await expect(portal.main).toContainText('The passcode of a computer cannot be reset from here');
    await expect(portal.main).toContainText('Whom to ask: IT helpdesk');
  });
}

test('the device of somebody else and one that never was are the same page', async ({ portal, elsewhere, page }) => {
  const ben = await elsewhere();
  await ben.signIn('ben');
  const id = await ben.open("Ben's Pixel");
  await portal.signIn();
  await expect(portal.heading('Your devices')).toBeVisible();
  for (const end of ['', '/reset']) {
    const seen = [];
    for (const device of [id, `virtual.${'0'.repeat(32)}`]) {
      const answer = await page.goto(`/devices/${device}${end}`);
      seen.push({ status: answer?.status(), words: await page.locator('body').innerText(), title: await page.title() });
    }
    expect(seen[0].status).toBe(404);
    expect(seen[0].words).toContain('We could not find that.');
    expect(seen[0]).toEqual(seen[1]);
  }
});

test('an address that leads nowhere says so', async ({ page, portal }) => {
  expect((await page.goto('/no-such-page'))?.status()).toBe(404);
  await expect(portal.heading('There is no such page')).toBeVisible();
  await expect(portal.main).toContainText('helpdesk@example.com');
});

async function signOut(portal: Portal): Promise<void> {
  await portal.page.getByRole('banner').getByRole('button', { name: 'Sign out' }).click();
  await expect(portal.heading('Sign in')).toBeVisible();
}
