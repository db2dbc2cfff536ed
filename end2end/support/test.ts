import { type BrowserContext, type Page, expect, test as base } from '@playwright/test';
import { Phone } from './phone';
import { Portal } from './portal';
import { Program, type Setup } from './program';

type Own = {
  settings: Setup;
  /** The program may complain of this, and of nothing else. */
  complains: RegExp;
  program: Program;
  portal: Portal;
  /** Another tab of the same browser. */
  tab: () => Promise<Portal>;
  /** A browser of somebody else, or of the same person at another desk. */
  elsewhere: () => Promise<Portal>;
  /** A phone, picked up in a tab of its own. */
  phone: (id: string) => Promise<Phone>;
  /** The page does not live: no JavaScript. */
  still: boolean;
  /** No page of any test complains in its console, about hydration or anything else. */
  silence: void;
};

/** Every test has a program of its own, which it can do with as it likes. */
export const test = base.extend<Own>({
  settings: [{}, { option: true }],
  complains: [/^$/, { option: true }],
  program: async ({ settings, complains }, use) => {
    const program = await Program.start(settings);
    await use(program);
    await program.stop();
    const complaints = program.said.split('\n').filter((line) => line !== '');
    expect(complaints.filter((line) => !complains.test(line)), 'complaints of the program').toEqual([]);
  },
  baseURL: async ({ program }, use) => use(program.url),
  portal: async ({ page, still }, use) => use(new Portal(page, still)),
  tab: async ({ context, still }, use) => use(async () => new Portal(await context.newPage(), still)),
  elsewhere: async ({ browser, baseURL, still }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async () => {
      const context = await browser.newContext({ baseURL, javaScriptEnabled: !still });
      contexts.push(context);
      return new Portal(await context.newPage(), still);
    });
    for (const context of contexts) await context.close();
  },
  phone: async ({ context }, use) => use(async (id) => new Phone(await context.newPage(), id)),
  still: async ({ javaScriptEnabled }, use) => use(javaScriptEnabled === false),
  silence: [
    async ({ context, still }, use) => {
      const complaints: string[] = [];
      context.on('weberror', (error) => complaints.push(error.error().message));
      context.on('console', (message) => {
        const text = message.text();
        // What the server refuses on purpose, and what a browser without JavaScript has fetched in vain, is no complaint.
        const refused = /the server responded with a status of 4\d\d/.test(text);
        const inVain = still && /preloaded using link preload but not used/.test(text);
        if (['error', 'warning'].includes(message.type()) && !refused && !inVain) complaints.push(text);
      });
      await use();
      expect(complaints, 'complaints in the console').toEqual([]);
    },
    { auto: true },
  ],
});

export { expect } from '@playwright/test';

/**
 * Waits until WebAssembly has brought a signed-in page to life: its live stream has told something. The stream of the
 * page that is being left does not count, which may open while this waits.
 */
export async function alive(page: Page, load: () => Promise<unknown>): Promise<void> {
  let told = false;
  page.on('framenavigated', () => (told = false));
  page.on('websocket', (stream) => stream.on('framereceived', () => (told = true)));
  await load();
  await expect.poll(() => told).toBe(true);
}

export async function openAlive(page: Page, path: string): Promise<void> {
  await alive(page, () => page.goto(path));
}
