import { type Locator, type Page, expect } from '@playwright/test';

/** A virtual phone in somebody's hand. */
export class Phone {
  constructor(readonly page: Page, readonly id: string) {}

  async pickUp(): Promise<void> {
    await this.page.goto(`/phones/${this.id}`);
    await expect(this.page.getByRole('heading', { level: 1 })).toBeVisible();
  }

  private button(name: string): Locator {
    return this.page.getByRole('main').getByRole('button', { name, exact: true });
  }

  /** What it says after the try. Without a passcode nothing is typed. */
  async unlock(passcode?: string): Promise<string> {
    await this.pickUp();
    if (passcode !== undefined) await this.page.getByLabel('Passcode', { exact: true }).fill(passcode);
    await this.button('Unlock').click();
    const said = this.page.getByRole('status').filter({ hasText: /^(Unlocked|Wrong passcode)$/ });
    await expect(said).toBeVisible();
    return (await said.textContent()) ?? '';
  }

  async setOwnCode(code: string): Promise<void> {
    const field = this.page.getByLabel('Own code', { exact: true });
    await field.fill(code);
    await this.button('Set passcode').click();
    // It is set once what was typed is gone.
    await expect(field).toHaveValue('');
    await expect(this.page.getByText('Right now something must be typed to open it.')).toBeVisible();
  }

  async lock(): Promise<void> {
    await this.button('Lock').click();
    await expect(this.button('Unlock')).toBeVisible();
  }

  async goOffline(): Promise<void> {
    await this.pickUp();
    await this.button('Go offline').click();
    await expect(this.button('Go online')).toBeVisible();
  }

  async goOnline(): Promise<void> {
    await this.pickUp();
    await this.button('Go online').click();
    await expect(this.button('Go offline')).toBeVisible();
  }

  async retire(): Promise<void> {
    await this.pickUp();
    await this.button('Retire').click();
    await expect(this.button('Retire')).toHaveCount(0);
  }
}
