import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type BrowserContext, type CDPSession, type Page, chromium } from '@playwright/test';
import lighthouse from 'lighthouse';
import { Portal } from '../support/portal';
import { expect, test } from '../support/test';
import type { Program } from '../support/program';

/** As the server's benchmarks read it. */
type Figure = { name: string; value: number; unit: string; limit: Limit | null; note: string };
type Limit = { at_most: number } | { at_least: number };

const CARDS = 24;
const RUNS = 5;
/** Lighthouse's own slow 4G: 1.6 Mbit/s, 150 ms; and a processor four times slower. */
const SLOW_4G = { offline: false, latency: 150, downloadThroughput: (1.6e6 / 8) * 0.9, uploadThroughput: (750e3 / 8) * 0.9 };
const SLOWER_CPU = 4;

const figures: Figure[] = [];

test.describe.configure({ mode: 'serial', timeout: 600_000 });

test('what a first visit loads', async ({ program }) => {
  program.addPhones('ana', CARDS);
  const seen = { requests: 0, bytes: 0, scripts: 0 };
  let moved: Moved = { by: 0, what: '' };
  await visit(program, async (page, cdp) => {
    const scripts = new Set<string>();
    cdp.on('Network.requestWillBeSent', ({ request, requestId }) => {
      if (request.url.startsWith('data:')) return;
      seen.requests += 1;
      if (/\.(js|wasm)$/.test(request.url)) scripts.add(requestId);
    });
    cdp.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
      seen.bytes += encodedDataLength;
      if (scripts.has(requestId)) seen.scripts += encodedDataLength;
    });
    await live(page, () => page.goto('/devices'));
    await expect(page.getByRole('article')).toHaveCount(CARDS);
    await page.waitForLoadState('networkidle');
    moved = await layoutShift(page);
  });
  figures.push(
    figure('Requests of a first visit to /devices', seen.requests, '', { at_most: 5 }, 'beside the live connection'),
    figure('JavaScript and WebAssembly of a first visit', seen.scripts / 1000, 'KB', { at_most: 110 }, 'as sent, headers included'),
    figure('All of a first visit to /devices', seen.bytes / 1000, 'KB', null, `${CARDS} cards`),
    figure('Layout shift when WebAssembly arrives', moved.by, '', { at_most: 0 }, moved.what),
  );
});

test('how soon it can be used and lives, on slow 4G with a slow processor', async ({ program }) => {
  program.addPhones('ana', CARDS);
  const usable: number[] = [];
  const alive: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    await visit(program, async (page, cdp) => {
      await cdp.send('Network.emulateNetworkConditions', SLOW_4G);
      await cdp.send('Emulation.setCPUThrottlingRate', { rate: SLOWER_CPU });
      const start = performance.now();
      await live(page, () => page.goto('/devices', { waitUntil: 'commit' }));
      alive.push(performance.now() - start);
      usable.push(await firstContentfulPaint(page));
    });
  }
  figures.push(
    figure('Until /devices can be used, slow 4G and 4× slower CPU', median(usable) / 1000, 's', null, `painted; links and forms work; median of ${RUNS}`),
    figure('Until it lives, the same', median(alive) / 1000, 's', null, 'told for the first time by its live connection'),
  );
});

test('Lighthouse', async ({ program }) => {
  program.addPhones('ana', CARDS);
  const scores: Record<string, number[]> = { performance: [], accessibility: [], 'best-practices': [] };
  for (let run = 0; run < RUNS; run += 1) {
    const port = 9_333 + run;
    await visit(
      program,
      async (page) => {
        let told = false;
        page.context().on('page', (opened) => {
          opened.on('websocket', (stream) => stream.on('framereceived', () => (told = true)));
        });
        const result = await lighthouse(`${program.url}/devices`, {
          port,
          output: 'json',
          logLevel: 'error',
          disableStorageReset: true,
          onlyCategories: Object.keys(scores),
        });
        expect(result?.lhr.finalDisplayedUrl, 'signed in').toBe(`${program.url}/devices`);
        expect(told, 'the page came to life').toBe(true);
        for (const name of Object.keys(scores)) scores[name].push((result?.lhr.categories[name].score ?? 0) * 100);
        const lost = Object.values(result?.lhr.audits ?? {}).filter((audit) => audit.score !== null && audit.score < 0.9);
        for (const audit of lost) console.log(`Lighthouse: ${audit.id} ${audit.score} ${audit.displayValue ?? ''}`);
      },
      [`--remote-debugging-port=${port}`],
    );
  }
  for (const [name, least] of [['performance', 98], ['accessibility', 100], ['best-practices', 100]] as const) {
    figures.push(figure(`Lighthouse mobile, ${name.replace('-', ' ')}`, median(scores[name]), '', { at_least: least }, `/devices with ${CARDS} cards, median of ${RUNS}, alive`));
  }
});

test.afterAll(() => {
  const file = process.env.LATCHKEY_BENCH ?? '';
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(figures));
});

/** Ana, signed in, with a browser that has cached nothing: a new one that is handed her cookies. */
async function visit(program: Program, look: (page: Page, cdp: CDPSession) => Promise<void>, args: string[] = []): Promise<void> {
  const { executablePath, args: always = [] } = test.info().project.use.launchOptions ?? {};
  const open = (folder: string, more: string[] = []): Promise<BrowserContext> =>
    chromium.launchPersistentContext(folder, { executablePath, args: [...always, ...more], baseURL: program.url });
  const folders = [1, 2].map(() => mkdtempSync(join(tmpdir(), 'latchkey-visit-')));
  const before = await open(folders[0]);
  await new Portal(before.pages()[0]).signIn();
  const cookies = await before.cookies();
  await before.close();

  const context = await open(folders[1], args);
  await context.addCookies(cookies);
  const page = context.pages()[0];
  const cdp = await context.newCDPSession(page);
  await cdp.send('Network.enable');
  await look(page, cdp);
  await context.close();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

/** Until the live stream has told something. */
async function live(page: Page, load: () => Promise<unknown>): Promise<void> {
  const told = new Promise<void>((resolve) => {
    page.on('websocket', (stream) => stream.on('framereceived', () => resolve()));
  });
  await load();
  await told;
}

type Moved = { by: number; what: string };

function layoutShift(page: Page): Promise<Moved> {
  return page.evaluate(
    () =>
      new Promise<Moved>((resolve) => {
        new PerformanceObserver((list) => {
          const shifts: any[] = list.getEntries();
          const moved = shifts.flatMap((shift) => shift.sources).map(({ node, previousRect: from, currentRect: to }: any) =>
            `${node?.nodeName} ${node?.className} ${from.x},${from.y},${from.width} to ${to.x},${to.y},${to.width}`);
          resolve({ by: shifts.reduce((sum, shift) => sum + shift.value, 0), what: moved.join('; ') });
        }).observe({ type: 'layout-shift', buffered: true });
        // With no shift there is no entry, and the observer is never called.
        setTimeout(() => resolve({ by: 0, what: '' }), 500);
      }),
  );
}

function firstContentfulPaint(page: Page): Promise<number> {
  return page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0].startTime);
}

function figure(name: string, value: number, unit: string, limit: Limit | null, note: string): Figure {
  return { name, value, unit, limit, note };
}

function median(values: number[]): number {
  return [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)];
}
