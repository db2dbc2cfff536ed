import { type Locator, type Page, expect } from '@playwright/test';

const DONE = 'Done. The device has reset its passcode.';

/** What a person does on the portal, by the names they see. */
export class Portal {
  constructor(
    readonly page: Page,
    /** No JavaScript: the page tells nothing by itself. */
    readonly still = false,
  ) {}

  get main(): Locator {
    return this.page.getByRole('main');
  }

  button(name: string): Locator {
    return this.main.getByRole('button', { name, exact: true });
  }

  get flag(): Locator {
    return this.page.getByRole('button', { name: /^Notifications/ });
  }

  get timer(): Locator {
    return this.page.getByRole('timer');
  }

  get passcode(): Locator {
    return this.page.getByRole('status', { name: 'Temporary passcode' });
  }

  card(device: string): Locator {
    return this.page.getByRole('article', { name: device, exact: true });
  }

  get alert(): Locator {
    return this.main.getByRole('alert');
  }

  heading(name: string | RegExp): Locator {
    return this.page.getByRole('heading', { level: 1, name });
  }

  async signIn(user = 'ana', password = `${user}-demo`): Promise<void> {
    if (!/\/sign-in(\?|$)/.test(this.page.url())) await this.page.goto('/sign-in');
    await this.page.getByLabel('User name').fill(user);
    await this.page.getByLabel('Password').fill(password);
    // Granted or refused, a new document comes; what follows must not find the old one on its way out.
    await Promise.all([this.page.waitForEvent('domcontentloaded'), this.button('Sign in').click()]);
  }

  async open(device: string): Promise<string> {
    await this.page.goto('/devices');
    await this.card(device).getByRole('link', { name: device, exact: true }).click();
    await expect(this.heading(device)).toBeVisible();
    return this.page.url().split('/devices/')[1];
  }

  /** Signed out, with the five minutes running. */
  async signOutToProve(device: string): Promise<string> {
    const id = await this.open(device);
    await this.button('Reset Passcode').click();
    await this.button('Sign out').click();
    await expect(this.timer).toHaveText(/^(5:00|4:5\d)$/);
    return id;
  }

  /** To the page that says what will happen: signed out and back in. */
  async prove(device: string, user = 'ana'): Promise<string> {
    const id = await this.signOutToProve(device);
    await this.signIn(user);
    await expect(this.heading(`Reset the passcode of ${device}`)).toBeVisible();
    await expect(this.page.getByRole('heading', { name: 'Step 2 of 2: reset it' })).toBeVisible();
    return id;
  }

  /** The whole flow, until the page says that it is done, or what else is waited for. */
  async reset(device: string, { until = DONE, user = 'ana' } = {}): Promise<string> {
    const id = await this.prove(device, user);
    await this.button('Reset Passcode').click();
    await this.told(until);
    return id;
  }

  /** By itself where the page lives, by "Check again" where it does not. */
  async done(): Promise<void> {
    await this.told(DONE);
  }

  async told(words: string): Promise<void> {
    const said = this.main.getByText(words);
    await expect(async () => {
      if (this.still && !(await said.isVisible())) await this.button('Check again').click();
      await expect(said).toBeVisible({ timeout: this.still ? 500 : 10_000 });
    }).toPass({ timeout: 20_000 });
  }

  async show(): Promise<string> {
    await this.button('Show temporary passcode').click();
    await expect(this.passcode).toBeVisible();
    return ((await this.passcode.textContent()) ?? '').replace(/\s/g, '');
  }
}
