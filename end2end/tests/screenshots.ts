import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { everyState } from '../support/states';
import { test } from '../support/test';

const FOLDER = fileURLToPath(new URL('../../docs/screenshots', import.meta.url));

/** The reset as a person sees it, for docs. */
const FLOW = ['sign-in', 'devices', 'device', 'step-1', 'countdown', 'step-2', 'waiting', 'done', 'notifications', 'computer'];

test('the flow at the width of a phone', async ({ page, program }) => {
  test.setTimeout(120_000);
  mkdirSync(FOLDER, { recursive: true });
  await everyState(page, program, async (name) => {
    if (!FLOW.includes(name)) return;
    const place = String(FLOW.indexOf(name) + 1).padStart(2, '0');
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.screenshot({ path: join(FOLDER, `${place}-${name}-${colorScheme}.png`), scale: 'css', fullPage: true });
    }
  });
});
