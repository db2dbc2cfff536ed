import { execFileSync } from 'node:child_process';
import { defineConfig, devices } from '@playwright/test';

const chromium = onPath('chromium');
const iphone = devices['iPhone 15'];
const pixel = devices['Pixel 7'];

/** The screen, fingers and user agent of an iPhone; the browser is Chromium all the same. */
const asIphone = {
  viewport: iphone.viewport,
  userAgent: iphone.userAgent,
  deviceScaleFactor: iphone.deviceScaleFactor,
  isMobile: iphone.isMobile,
  hasTouch: iphone.hasTouch,
};

export default defineConfig({
  testDir: 'tests',
  fullyParallel: true,
  workers: 2,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  forbidOnly: !!process.env.CI,
  reporter: [['list', { printSteps: false }]],
  use: {
    browserName: 'chromium',
    locale: 'en-GB',
    timezoneId: 'Europe/Zagreb',
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: chromium,
      args: [
        ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
  projects: process.env.LATCHKEY_SCREENSHOTS
    ? [{ name: 'screenshots', testMatch: /screenshots\.ts$/, use: { ...pixel } }]
    : process.env.LATCHKEY_BENCH
      ? [{ name: 'bench', testDir: 'bench', testMatch: /first-visit\.ts$/ }]
      : [
          { name: 'desktop', testIgnore: specs('narrow'), use: { ...devices['Desktop Chrome'] } },
          {
            name: 'pixel',
            testMatch: specs('reset', 'five-mdms', 'identity-provider', 'passkeys', 'offline', 'once', 'countdown', 'axe', 'layout', 'narrow'),
            use: { ...pixel },
          },
          { name: 'iphone', testMatch: specs('reset', 'five-mdms', 'identity-provider', 'offline', 'account', 'notifications'), use: asIphone },
          {
            name: 'no-js',
            testIgnore: specs('alone', 'axe', 'branding', 'countdown', 'early', 'files', 'focus', 'layout', 'narrow', 'passkeys', 'tabs'),
            use: { ...devices['Desktop Chrome'], javaScriptEnabled: false },
          },
        ],
});

/** The distribution's Chromium; where there is none, Playwright uses its own. */
function onPath(program: string): string | undefined {
  try {
    return execFileSync('which', [program], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}

function specs(...names: string[]): RegExp {
  return new RegExp(`/(${names.join('|')})\\.spec\\.ts$`);
}
