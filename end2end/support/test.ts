import { type Page, test as base } from '@playwright/test';
import { Phone } from './phone';
import { Portal } from './portal';
import { Program } from './program';

type Own = {
  program: Program;
  portal: Portal;
  /** Another tab of the same browser. */
  tab: () => Promise<Portal>;
  /** A phone, picked up in a tab of its own. */
  phone: (id: string) => Promise<Phone>;
  /** The page does not live: no JavaScript. */
  still: boolean;
};

/** Every test has a program of its own, which it can do with as it likes. */
export const test = base.extend<Own>({
  program: async ({}, use) => {
    const program = await Program.start();
    await use(program);
    await program.stop();
  },
  baseURL: async ({ program }, use) => use(program.url),
  portal: async ({ page, still }, use) => use(new Portal(page, still)),
  tab: async ({ context, still }, use) => use(async () => new Portal(await context.newPage(), still)),
  phone: async ({ context }, use) => use(async (id) => new Phone(await context.newPage(), id)),
  still: async ({ javaScriptEnabled }, use) => use(javaScriptEnabled === false),
});

export { expect } from '@playwright/test';

/** Waits until WebAssembly has brought a signed-in page to life: it has opened its live stream. */
export async function openAlive(page: Page, path: string): Promise<void> {
  const told = page.waitForEvent('websocket').then((stream) => stream.waitForEvent('framereceived'));
  await page.goto(path);
  await told;
}
