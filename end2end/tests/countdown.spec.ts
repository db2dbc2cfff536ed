import { expect, test } from '../support/test';

test.beforeEach(async ({ still }) => {
  test.skip(still, 'without JavaScript it shows the time left when the page was opened');
});

test.beforeEach(async ({ page, portal }) => {
  await portal.signIn();
  await portal.open("Ana's Galaxy");
  await portal.button('Reset Passcode').click();
  await portal.button('Sign out').click();
  await expect(portal.timer).toHaveText(/^(5:00|4:5\d)$/);
  await page.clock.install();
});

test('counts down to nothing, aloud at its marks', async ({ page, portal }) => {
  await page.reload();
  await expect(portal.timer).toHaveText(/^4:5\d$/);
  await page.clock.fastForward('01:00');
  await expect(portal.timer).toHaveText(/^3:5\d$/);
  await page.clock.fastForward('02:30');
  await expect(portal.timer).toHaveText(/^1:[0-2]\d$/);
  await page.clock.runFor(1_000);
  const left = seconds(await portal.timer.textContent());
  await page.clock.runFor((left - 59) * 1000);
  await expect(page.getByText('One minute left')).toBeAttached();
  await page.clock.fastForward('01:05');
  await expect(portal.timer).toHaveText('0:00');
  await expect(page.getByRole('alert')).toContainText('The time is up. Nothing was changed.');
  await expect(portal.button('Sign in')).toBeEnabled();
});

test('keeps to the server, whatever the clock of the computer says', async ({ page, portal }) => {
  for (const day of [-1, 1]) {
    await page.clock.setSystemTime(Date.now() + day * 24 * 60 * 60 * 1000);
    await page.reload();
    await expect(portal.timer).toHaveText(/^4:[3-5]\d$/);
  }
});

function seconds(text: string | null): number {
  const [minutes, rest] = (text ?? '').split(':').map(Number);
  return minutes * 60 + rest;
}
