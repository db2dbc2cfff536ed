import { expect, test } from '../support/test';

test('the language stays as it was chosen, on the page where it was chosen', async ({ page, portal }) => {
  await portal.signIn();
  await portal.open("Ana's Galaxy");
  const address = page.url();
  await page.getByRole('button', { name: 'Deutsch' }).click();
  await expect(page.locator('html')).toHaveAttribute('lang', 'de');
  expect(page.url()).toBe(address);
  await expect(portal.button('Code zurücksetzen')).toBeVisible();
  await page.goto('/contact');
  await expect(portal.heading('IT fragen')).toBeVisible();
  await page.getByRole('banner').getByRole('button', { name: 'Abmelden' }).click();
  await expect(portal.heading('Anmelden')).toBeVisible();
  await page.getByRole('button', { name: 'English' }).click();
  await expect(portal.heading('Sign in')).toBeVisible();
});

test('a browser that speaks German is answered in German', async ({ browser, baseURL, still }) => {
  const context = await browser.newContext({ baseURL, locale: 'de-AT', javaScriptEnabled: !still });
  const page = await context.newPage();
  await page.goto('/sign-in');
  await expect(page.locator('html')).toHaveAttribute('lang', 'de');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Anmelden');
  await context.close();
});
