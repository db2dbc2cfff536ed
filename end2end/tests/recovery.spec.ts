import { expect, test } from '../support/test';

const GALAXY = "Ana's Galaxy";

test('recovery codes are shown once, and each opens once', async ({ portal, page, program }) => {
  await portal.signIn();
  await page.goto('/account');
  await expect(portal.main.getByRole('region', { name: 'Recovery codes' }).getByText('You have none.')).toBeVisible();
  await page.getByLabel('Your password, to make new codes').fill('ana-demo');
  await portal.button('Make ten new codes').click();
  const shown = portal.main.locator('.recovery-codes li');
  await expect(shown).toHaveCount(10);
  const [code, other] = await shown.allTextContents();
  expect(code).toMatch(/^([2-9a-z]{4}-){3}[2-9a-z]{4}$/);
  await page.goto('/account');
  await expect(shown).toHaveCount(0);
  await expect(portal.main.getByText('You have 10 left.')).toBeVisible();

  const id = await portal.signOutToProve(GALAXY);
  await expect(portal.main.getByText('One of your recovery codes works here too')).toBeVisible();
  await portal.signIn('ana', code.toUpperCase().replaceAll('-', ' '));
  await portal.button('Reset Passcode').click();
  await portal.done();
  expect(program.commands(id)).toBe(1);

  await page.getByRole('banner').getByRole('button', { name: 'Sign out' }).click();
  await portal.signIn('ana', code);
  await expect(portal.alert).toContainText('The user name or the password is wrong.');
  await portal.signIn('ben', other);
  await expect(portal.alert).toContainText('The user name or the password is wrong.');
  await portal.signIn('ana', other);
  await page.goto('/account');
  await expect(portal.main.getByText('You have 8 left.')).toBeVisible();
  await expect(portal.main.getByText('A recovery code was used').first()).toBeVisible();
});

test('under a number there are no passkeys, and the page says why', async ({ portal, page, program, still }) => {
  await page.goto('/sign-in');
  await expect(portal.button('Use a passkey')).toHaveCount(0);
  await portal.signIn();
  await page.goto('/account');
  await expect(portal.main.getByText('this address is a number')).toBeVisible();
  const named = program.url.replace('127.0.0.1', 'localhost');
  await expect(portal.main.getByRole('link', { name: named })).toHaveAttribute('href', `${named}/account`);
  if (still) {
    await page.goto(`${named}/sign-in`);
    await portal.signIn();
    await page.goto(`${named}/account`);
    await expect(portal.main.getByText('this browser needs JavaScript')).toBeVisible();
    await expect(portal.button('Add a passkey')).toBeHidden();
  }
});
