import { expect, test } from '../support/test';

const GALAXY = "Ana's Galaxy";

test('the steps say what happens, and Cancel leads back', async ({ portal, program }) => {
  await portal.signIn();
  await expect(portal.heading('Devices')).toBeVisible();
  const id = await portal.open(GALAXY);
  await portal.button('Reset Passcode').click();
  await expect(portal.main).toContainText('You have to sign back in within five minutes.');
  await portal.button('Cancel').click();
  await expect(portal.heading(GALAXY)).toBeVisible();

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
  const id = await portal.open(GALAXY);
  await portal.button('Reset Passcode').click();
  await portal.button('Sign out').click();
  await expect(portal.timer).toBeVisible();
  program.jump(301);
  await portal.signIn();
  await expect(portal.main.getByRole('alert')).toContainText('The five minutes were over before you signed back in.');
  await expect(portal.main.getByRole('alert')).toContainText('nothing was sent');
  await page.goto(`/devices/${id}/reset`);
  await expect(portal.button('Reset Passcode')).toHaveCount(0);
  expect(program.journal(id)).toEqual([]);
});

test('somebody else who signs in learns no device and no name', async ({ portal }) => {
  await portal.signIn();
  await portal.open(GALAXY);
  await portal.button('Reset Passcode').click();
  await portal.button('Sign out').click();
  await expect(portal.timer).toBeVisible();
  await portal.signIn('ben');
  await expect(portal.main.getByRole('alert')).toContainText('You signed in as somebody else');
  await expect(portal.page.getByText('Ana')).toHaveCount(0);
});

test('a wrong password is told beside the fields and ends nothing', async ({ portal }) => {
  await portal.signIn();
  await portal.open(GALAXY);
  await portal.button('Reset Passcode').click();
  await portal.button('Sign out').click();
  await portal.signIn('ana', 'not it');
  await expect(portal.main.getByRole('alert').filter({ hasText: 'wrong' })).toBeVisible();
  await expect(portal.page.getByLabel('Password')).toHaveAccessibleDescription(/Caps Lock/);
  await expect(portal.timer).toBeVisible();
  await portal.signIn();
  await expect(portal.page.getByRole('heading', { name: 'Step 2 of 2: reset it' })).toBeVisible();
});

test('a second reset while one is open is refused with a link to it, and can be cancelled', async ({ portal, phone, page }) => {
  await portal.signIn();
  const id = await portal.open(GALAXY);
  await (await phone(id)).goOffline();
  await portal.prove(GALAXY);
  await portal.button('Reset Passcode').click();
  await portal.told('Waiting for the device.');
  await page.goto(`/devices/${id}/reset`);
  await expect(portal.main.getByRole('alert')).toContainText('A reset of this device is already under way.');
  await portal.main.getByRole('link', { name: `See the reset of ${GALAXY}` }).click();
  await portal.button('Cancel reset').click();
  await expect(portal.main).toContainText('Cancelled by you before it reached the device.');
  await expect(portal.button('Reset Passcode')).toBeVisible();
});

for (const computer of ["Ana's MacBook", "Ana's Surface"]) {
  test(`${computer} says why it cannot be reset and whom to ask`, async ({ portal }) => {
    await portal.signIn();
    await expect(portal.card(computer)).toContainText('The passcode of a computer cannot be reset from here');
    await expect(portal.card(computer)).toContainText('helpdesk@example.com');
    await portal.open(computer);
    await expect(portal.button('Reset Passcode')).toHaveCount(0);
    await expect(portal.main).toContainText('Whom to ask: IT helpdesk');
  });
}

test('Contact IT is there for strangers too', async ({ page, portal }) => {
  await page.goto('/sign-in');
  await page.getByRole('link', { name: 'Contact IT' }).click();
  await expect(portal.heading('Contact IT')).toBeVisible();
  await expect(portal.main.getByRole('link', { name: 'helpdesk@example.com' })).toHaveAttribute('href', 'mailto:helpdesk@example.com');
});

test('the language stays as it was chosen', async ({ page, portal }) => {
  await page.goto('/sign-in');
  await page.getByRole('button', { name: 'Deutsch' }).click();
  await expect(portal.heading('Anmelden')).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('lang', 'de');
  await page.goto('/contact');
  await expect(page.locator('html')).toHaveAttribute('lang', 'de');
  await page.getByRole('button', { name: 'English' }).click();
  await expect(portal.heading('Contact IT')).toBeVisible();
});

test('notifications are read and marked', async ({ portal }) => {
  await portal.signIn();
  await portal.reset("Ana's iPhone");
  await portal.flag.click();
  await expect(portal.heading('Your notifications')).toBeVisible();
  await expect(portal.main.getByRole('listitem')).toContainText('The passcode was reset successfully.');
  await portal.button('Mark all as read').click();
  await expect(portal.flag).toHaveAccessibleName('Notifications');
  await expect(portal.button('Mark all as read')).toHaveCount(0);
});

test('an address that leads nowhere says so', async ({ page, portal }) => {
  expect((await page.goto('/no-such-page'))?.status()).toBe(404);
  await expect(portal.heading('There is no such page')).toBeVisible();
  await expect(portal.main).toContainText('helpdesk@example.com');
});
