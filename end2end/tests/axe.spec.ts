import { barriers } from '../support/barriers';
import { everyState } from '../support/states';
import { expect, test } from '../support/test';

test('no barrier on any page, light or dark', async ({ page, program }) => {
  test.setTimeout(240_000);
  const found: string[] = [];
  await everyState(page, program, async (name) => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      for (const barrier of await barriers(page)) found.push(`${name}, ${colorScheme}: ${barrier}`);
    }
  });
  expect(found).toEqual([]);
});
