import { barriers } from '../support/barriers';
import { IdentityProvider } from '../support/identity-provider';
import type { Portal } from '../support/portal';
import { expect, test as base } from '../support/test';

const GALAXY = "Ana's Galaxy";
const CONTINUE = 'Continue with Example ID';

const test = base.extend<{ pushed: boolean; identity: IdentityProvider }>({
  pushed: [false, { option: true }],
  identity: async ({ pushed }, use) => {
    const identity = new IdentityProvider(pushed);
    await use(identity);
    await identity.stop();
  },
  settings: async ({ identity }, use) => use((url) => identity.start(url)),
});

for (const pushed of [false, true]) {
  test.describe(pushed ? 'asked directly' : 'asked by the browser', () => {
    test.use({ pushed });

    test('a reset with the account of the organisation', async ({ portal, page, identity, program, phone }) => {
      await page.goto('/sign-in');
      await portal.button(CONTINUE).click();
      await identity.signIn(page);
      await expect(portal.heading('Your devices')).toBeVisible();

      const id = await portal.signOutToProve(GALAXY);
      await portal.button(CONTINUE).click();
      // Signed in there or not, it asks.
      await identity.signIn(page);
      await expect(portal.heading(`Reset the passcode of ${GALAXY}`)).toBeVisible();
      await expect(page.getByRole('heading', { name: 'Step 2 of 2: reset it' })).toBeVisible();
      await portal.button('Reset Passcode').click();
      await portal.done();
      await expect(portal.flag).toHaveAccessibleName('Notifications, 1 unread');
      const passcode = await portal.show();
      expect(program.commands(id)).toBe(1);
      expect(await (await phone(id)).unlock(passcode)).toBe('Unlocked');
      await portal.button('Done').click();
      await expect(portal.main.getByText('The temporary passcode is gone.')).toBeVisible();

      await page.getByRole('banner').getByRole('button', { name: 'Sign out' }).click();
      await identity.confirmSignOut(page);
      await expect(portal.heading('Sign in')).toBeVisible();
      await page.goto('/devices');
      await expect(portal.heading('Sign in')).toBeVisible();
      // Signed out there as well: otherwise it would let anybody in who sits down here.
      await portal.button(CONTINUE).click();
      await expect(page.getByRole('heading', { name: 'Example ID' })).toBeVisible();
    });
  });
}

test('single sign-on that asks nobody proves nothing, and the way on is offered', async ({ portal, page, identity, program, still }) => {
  await page.goto('/sign-in');
  if (!still) expect(await barriers(page)).toEqual([]);
  await portal.button(CONTINUE).click();
  await identity.signIn(page);
  await expect(portal.heading('Your devices')).toBeVisible();
  await later(portal, identity, 60);
  const id = await portal.signOutToProve(GALAXY);
  await identity.obeys(false);
  await portal.button(CONTINUE).click();

  await expect(portal.heading(`Reset the passcode of ${GALAXY}`)).toBeVisible();
  await expect(portal.main).toContainText('without being asked who you are');
  await expect(portal.main).toContainText('Step 1 of 2');
  await expect(portal.button('Reset Passcode')).toHaveCount(0);
  expect(program.commands(id)).toBe(0);
  if (!still) expect(await barriers(page)).toEqual([]);

  await identity.obeys(true);
  await portal.button('Sign out').click();
  await portal.button(CONTINUE).click();
  await identity.signIn(page);
  await portal.button('Reset Passcode').click();
  await portal.done();
  expect(program.commands(id)).toBe(1);

  async function later(portal: Portal, identity: IdentityProvider, seconds: number): Promise<void> {
    program.jump(seconds);
    identity.jump(seconds);
    await portal.page.goto('/devices');
  }
});

test('whoever signs out there is signed out here', async ({ portal, page, identity, elsewhere, still }) => {
  await page.goto('/sign-in');
  await portal.button(CONTINUE).click();
  await identity.signIn(page);
  await expect(portal.card(GALAXY)).toBeVisible();
  // The same browser's other tab, on its page.
  const other = await page.context().newPage();
  await other.goto('/devices');
  await expect(other.getByRole('article', { name: GALAXY })).toBeVisible();

  await identity.signOutThere(page);
  if (still) await other.reload();
  await expect(other.getByRole('article', { name: GALAXY })).toBeHidden();
});

test('the doctor finds nothing wrong with it', async ({ portal, page, identity, program }) => {
  await page.goto('/sign-in');
  await portal.button(CONTINUE).click();
  await identity.signIn(page);
  await expect(portal.card(GALAXY)).toBeVisible();
  const about = program.doctor().filter((line) => line.includes('identity provider work'));
  expect(about.length).toBe(7);
  expect(about.filter((line) => !line.startsWith('ok '))).toEqual([]);
  expect(about.join('\n')).toContain('auth_time: it came with 1 of the last 1 sign-ins');
  expect(about.join('\n')).toContain(`it has to allow ${program.url}/oidc/work/callback`);
});
