import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from '@playwright/test';
import { everyState } from '../support/states';
import { expect, test } from '../support/test';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

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

async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run: (options: object) => Promise<{ violations: any[] }> } };
    const { violations } = await axe.run({ resultTypes: ['violations'] });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node: any) => node.target.join(' ')).join(', ')}`);
  });
}
