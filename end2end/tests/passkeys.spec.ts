import type { Page } from '@playwright/test';
import { barriers } from '../support/barriers';
import { expect, test as base } from '../support/test';

const GALAXY = "Ana's Galaxy";

/** Under a name: a passkey belongs to none of the numbers of a machine. */
const test = base.extend({
  baseURL: async ({ program }, use) => use(program.url.replace('127.0.0.1', 'localhost')),
});

/** A key in the computer, which knows its owner by their finger. */
async function authenticator(page: Page): Promise<(verifies: boolean) => Promise<void>> {
  const browser = await page.context().newCDPSession(page);
  await browser.send('WebAuthn.enable');
  const { authenticatorId } = await browser.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return async (isUserVerified) => {
    await browser.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified });
  };
}

test('a passkey is added, signs in, and is the fresh proof', async ({ portal, page, program }) => {
  const verifies = await authenticator(page);
  await portal.signIn();
  await page.goto('/account');
  await page.getByLabel('Your password, to add a passkey').fill('not it');
  await portal.button('Add a passkey').click();
  await expect(portal.alert.filter({ hasText: 'The current password is not right' })).toBeVisible();
  await page.getByLabel('Your password, to add a passkey').fill('ana-demo');
  await portal.button('Add a passkey').click();
  await expect(portal.main.getByText('The passkey was added.')).toBeVisible();
  await expect(portal.button('Remove this passkey')).toHaveCount(1);
  await expect(page.getByText('A passkey was added').first()).toBeVisible();
  expect(await barriers(page)).toEqual([]);

  await page.getByRole('banner').getByRole('button', { name: 'Sign out' }).click();
  const sent = page.waitForRequest((request) => request.url().endsWith('/sign-in/passkey'));
  await portal.button('Use a passkey').click();
  await expect(portal.card(GALAXY)).toBeVisible();
  // What was answered once answers nothing again.
  const form = Object.fromEntries(new URLSearchParams((await sent).postData() ?? ''));
  const again = await page.request.post('/sign-in/passkey', { form, headers: { 'Sec-Fetch-Site': 'same-origin' } });
  expect(again.status()).toBe(400);

  // Answered before the five minutes began, and held back until they run.
  await page.getByRole('banner').getByRole('button', { name: 'Sign out' }).click();
  await expect(portal.button('Use a passkey')).toBeVisible();
  const early = await page.evaluate(async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const begun = await fetch('/sign-in/passkey/begin', { method: 'POST', headers });
    const { options, ticket } = await begun.json();
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options.publicKey);
    return { ticket: ticket as string, answer: JSON.stringify(await navigator.credentials.get({ publicKey })) };
  });
  await portal.signIn();
  const id = await portal.signOutToProve(GALAXY);
  const late = { form: early, headers: { 'Sec-Fetch-Site': 'same-origin' }, maxRedirects: 0 };
  expect((await page.request.post('/sign-in/passkey', late)).headers().location).toBe(`/devices/${id}/reset?not-fresh`);
  await portal.signOutToProve(GALAXY);
  await expect(portal.main.getByText('Not one that is kept on the phone you are resetting')).toBeVisible();
  expect(await barriers(page)).toEqual([]);
  // A key that did not see who holds it proves nothing; browsers do not even ask for less.
  await verifies(false);
  await portal.button('Use a passkey').click();
  await expect(portal.main.getByText('That did not work, or it was called off.')).toBeVisible();
  await verifies(true);
  await portal.button('Use a passkey').click();
  await expect(portal.heading(`Reset the passcode of ${GALAXY}`)).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Step 2 of 2: reset it' })).toBeVisible();
  await portal.button('Reset Passcode').click();
  await portal.done();
  expect(program.commands(id)).toBe(1);
  await portal.show();
  await portal.button('Done').click();

  await page.goto('/account');
  await portal.button('Remove this passkey').click();
  await expect(portal.button('Remove this passkey')).toHaveCount(0);
  await page.getByRole('banner').getByRole('button', { name: 'Sign out' }).click();
  await portal.button('Use a passkey').click();
  await expect(portal.alert.first()).toContainText('This passkey could not be used');
});
