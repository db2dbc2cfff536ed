import { everyState } from '../support/states';
import { expect, test } from '../support/test';

test('nothing is wider than a screen of 320 pixels', async ({ page, program }) => {
  test.setTimeout(120_000);
  await page.setViewportSize({ width: 320, height: 640 });
  const wide: string[] = [];
  await everyState(page, program, async (name) => {
    for (const part of await page.evaluate(tooWide)) wide.push(`${name}: ${part}`);
  });
  expect(wide).toEqual([]);
});

/** What makes the page wider than the screen, from the outside in. */
function tooWide(): string[] {
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return [];
  const parts = [...document.querySelectorAll('body *')].filter((part) => part.getBoundingClientRect().right > clientWidth + 0.5);
  return [`${scrollWidth} pixels`, ...parts.map((part) => `${part.localName}.${part.getAttribute('class')}`)];
}
