import type { Page } from '@playwright/test';
import { alive, expect, test } from '../support/test';

const GALAXY = "Ana's Galaxy";

test('until WebAssembly arrives, the whole reset works without it', async ({ page, portal, program }) => {
  const arrive = await hold(page);
  await portal.signIn();
  const id = await portal.prove(GALAXY);
  await portal.button('Reset Passcode').click();
  await expect(portal.heading(GALAXY)).toBeVisible();
  await expect(async () => {
    await page.reload();
    await expect(portal.button('Show temporary passcode')).toBeVisible({ timeout: 500 });
  }).toPass({ timeout: 10_000 });
  expect((await portal.show()).length).toBeGreaterThanOrEqual(8);
  await portal.button('Done').click();
  await expect(portal.main).toContainText('The temporary passcode is gone.');
  expect(program.commands(id)).toBe(1);
  arrive();
});

test('what was typed before WebAssembly arrives stays', async ({ page, portal }) => {
  const arrive = await hold(page);
  await page.goto('/sign-in');
  await page.getByLabel('User name').fill('ana');
  const loaded = page.waitForEvent('requestfinished', (request) => request.url().endsWith('.wasm'));
  arrive();
  await loaded;
  await page.getByLabel('Password').fill('ana-demo');
  await expect(page.getByLabel('User name')).toHaveValue('ana');
  await portal.button('Sign in').click();
  await expect(portal.heading('Your devices')).toBeVisible();
});

test('Back before WebAssembly arrives shows the page before', async ({ page, portal }) => {
  await portal.signIn();
  await alive(page, () => page.reload());
  await portal.card(GALAXY).getByRole('link', { name: GALAXY }).click();
  await expect(portal.heading(GALAXY)).toBeVisible();
  const arrive = await hold(page);
  await page.reload();
  await page.goBack();
  arrive();
  await expect(portal.heading('Your devices')).toBeVisible();
  await expect(portal.card(GALAXY)).toBeVisible();
});

/** Holds WebAssembly back until it is told to arrive. */
async function hold(page: Page): Promise<() => void> {
  let arrive = () => {};
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  await page.route('**/*.wasm', async (route) => {
    await arrived;
    await route.continue().catch(() => undefined);
  });
  return arrive;
}
