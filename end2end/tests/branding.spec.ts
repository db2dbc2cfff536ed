import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { barriers } from '../support/barriers';
import { expect, test } from '../support/test';

const LOGO = join(mkdtempSync(join(tmpdir(), 'latchkey-logo-')), 'logo.svg');
writeFileSync(
  LOGO,
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><circle cx="32" cy="32" r="30" fill="#ffcc00"/></svg>',
);

test.use({
  settings: {
    LATCHKEY_ORGANISATION__NAME: 'Zlatko & Sons',
    LATCHKEY_ORGANISATION__LOGO: LOGO,
    // On white nobody could read it.
    LATCHKEY_ORGANISATION__COLOUR: '#ffcc00',
    LATCHKEY_ORGANISATION__PRIVACY_URL: 'https://example.com/privacy',
    LATCHKEY_ORGANISATION__TIME_ZONE: 'Asia/Tokyo',
  },
});

test('an organisation has its own name, logo, colour, privacy page and time', async ({ page, portal, request, program }) => {
  await portal.signIn();
  await expect(page.getByRole('link', { name: 'Zlatko & Sons' })).toBeVisible();
  const logo = page.locator('.top-logo');
  await expect(logo).toBeVisible();
  expect(await logo.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(0);
  await expect(page.getByRole('link', { name: 'Privacy' })).toHaveAttribute('href', 'https://example.com/privacy');
  await expect(portal.card("Ana's Galaxy").locator('time')).toHaveAttribute('title', /\d\d:\d\d JST$/);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const accent = await page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue('--accent'));
    expect(accent).toMatch(colorScheme === 'dark' ? 'rgb(255 204 0)' : /^rgb\(\d+ \d+ 0\)$/);
    expect(await barriers(page)).toEqual([]);
  }
  const alone = await request.get(`${program.url}/logo`);
  expect(alone.headers()['content-security-policy']).toContain('sandbox');
});
