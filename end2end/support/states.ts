import { type Page, expect } from '@playwright/test';
import { Phone } from './phone';
import { Portal } from './portal';
import type { Program } from './program';

export type Visit = (name: string, page: Page) => Promise<void>;

const GALAXY = "Ana's Galaxy";
const LUMIA = "Ana's Lumia 950";

/** Walks through every page in every state that looks different, and stops at each. */
export async function everyState(page: Page, program: Program, visit: Visit): Promise<void> {
  const portal = new Portal(page);
  await strangers(portal, visit);
  await portal.signIn();
  await expect(portal.heading('Your devices')).toBeVisible();
  await visit('devices', page);
  const id = await devices(portal, visit);
  const phone = new Phone(page, id);
  await windowed(portal, program, visit);
  await waiting(portal, phone, program, visit);
  await passcodes(portal, phone, program, visit);
  await ends(portal, program, visit);
  await told(portal, visit);
  await german(portal, id, visit);
  await others(portal, visit);
}

async function strangers(portal: Portal, visit: Visit): Promise<void> {
  const { page } = portal;
  await page.goto('/sign-in');
  await visit('sign-in', page);
  await portal.signIn('ana', 'not it');
  await expect(portal.alert).toBeVisible();
  await visit('sign-in, wrong', page);
  for (const reason of ['fresh', 'signed-out']) {
    await page.goto(`/sign-in?refused=${reason}`);
    await expect(portal.alert).toBeVisible();
    await visit(`sign-in, ${reason}`, page);
  }
  await page.goto('/contact');
  await visit('contact', page);
  await page.goto('/no-such-page');
  await visit('no such page', page);
  await page.goto('/phones');
  await visit('phones', page);
}

async function devices(portal: Portal, visit: Visit): Promise<string> {
  const { page } = portal;
  await portal.open("Ana's MacBook");
  await visit('computer', page);
  const computer = page.url().split('/devices/')[1];
  await page.goto(`/devices/${computer}/reset`);
  await visit('computer, reset', page);
  await page.goto(`/phones/${computer}`);
  await visit('computer in the hand', page);
  await page.goto('/notifications');
  await visit('notifications, none', page);
  const id = await portal.open(GALAXY);
  await visit('device, never reset', page);
  await page.goto(`/devices/virtual.${'0'.repeat(32)}`);
  await visit('device, unknown', page);
  return id;
}

async function windowed(portal: Portal, program: Program, visit: Visit): Promise<void> {
  const { page } = portal;
  await portal.open(GALAXY);
  await portal.button('Reset Passcode').click();
  await expect(portal.button('Sign out')).toBeVisible();
  await visit('step 1', page);
  await portal.button('Sign out').click();
  await expect(portal.timer).toBeVisible();
  await visit('countdown', page);
  await portal.signIn('ana', 'not it');
  await expect(portal.alert.filter({ hasText: 'wrong' })).toBeVisible();
  await visit('countdown, wrong', page);
  program.jump(250);
  await page.reload();
  await expect(portal.timer).toHaveText(/^0:/);
  await visit('countdown, last minute', page);
  program.jump(60);
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange', { bubbles: true })));
  await expect(portal.alert.filter({ hasText: 'The time is up.' })).toBeVisible();
  await visit('countdown, over', page);
  await portal.signIn();
  await expect(portal.alert).toContainText('The five minutes were over');
  await visit('late', page);
}

async function waiting(portal: Portal, phone: Phone, program: Program, visit: Visit): Promise<void> {
  const { page } = portal;
  await phone.goOffline();
  await visit('phone, locked and offline', page);
  program.jump(60);
  await portal.prove(GALAXY);
  await expect(portal.main).toContainText('It is offline now');
  await visit('step 2', page);
  await page.getByText('What happens on each kind of device').click();
  await visit('step 2, table', page);
  await portal.button('Reset Passcode').click();
  await portal.told('Waiting for the device.');
  await expect(portal.main).toContainText('The device is offline now.');
  await visit('under way, offline', page);
  await page.goto('/devices');
  await expect(portal.card(GALAXY)).toContainText('Reset waiting for the device');
  await visit('devices, one under way', page);
  await page.goto(`/devices/${phone.id}/reset`);
  await expect(portal.alert).toContainText('already under way');
  await visit('already under way', page);
  await phone.goOnline();
}

async function passcodes(portal: Portal, phone: Phone, program: Program, visit: Visit): Promise<void> {
  const { page } = portal;
  await page.goto(`/devices/${phone.id}`);
  await portal.done();
  await visit('done', page);
  program.jump(301);
  await page.reload();
  await expect(portal.main).toContainText('You signed in a while ago.');
  await visit('done, to be proven', page);
  await portal.button('Show temporary passcode').click();
  await expect(portal.button('Sign out')).toBeVisible();
  await visit('step to reveal', page);
  await portal.button('Sign out').click();
  await expect(portal.timer).toBeVisible();
  await visit('countdown to reveal', page);
  await portal.signIn();
  await expect(portal.main).toContainText('You signed back in.');
  await visit('proven', page);
  const passcode = await portal.show();
  await page.getByText('It did not open the phone').click();
  await page.getByText('Read it character by character').click();
  await visit('revealed', page);
  await phone.unlock('wrong');
  await visit('phone, wrong', page);
  await phone.unlock(passcode);
  await visit('phone, unlocked', page);
  await page.goto(`/devices/${phone.id}`);
  await portal.show();
  await portal.button('Done').click();
  await expect(portal.main).toContainText('The temporary passcode is gone.');
  await visit('gone', page);
}

async function ends(portal: Portal, program: Program, visit: Visit): Promise<void> {
  const { page } = portal;
  await portal.reset("Ana's iPhone");
  await visit('done, without a passcode', page);
  await page.goto(page.url().replace('/devices/', '/phones/').replace(/\/reset.*/, ''));
  await visit('phone that opens alone', page);

  const id = await portal.open(LUMIA);
  const lumia = new Phone(page, id);
  await lumia.goOffline();
  await portal.reset(LUMIA, { until: 'Waiting for the device.' });
  await portal.button('Cancel reset').click();
  await expect(portal.main).toContainText('Cancelled by you');
  await visit('cancelled', page);
  await portal.reset(LUMIA, { until: 'Waiting for the device.' });
  await lumia.retire();
  await visit('phone, retired', page);
  await page.goto('/notifications');
  await expect(portal.main).toContainText('The passcode was not reset.');
  await visit('notifications, failed', page);
}

async function told(portal: Portal, visit: Visit): Promise<void> {
  const { page } = portal;
  await page.goto('/notifications');
  await expect(portal.button('Mark all as read')).toBeVisible();
  await visit('notifications, unread', page);
  await portal.button('Mark all as read').click();
  await expect(portal.button('Mark all as read')).toHaveCount(0);
  await visit('notifications, read', page);
  await page.goto('/account');
  await visit('account', page);
  await page.getByLabel('Current password').fill('not it');
  await page.getByLabel('New password').fill('four words in a row');
  await portal.button('Save the new password').click();
  await expect(portal.alert).toBeVisible();
  await visit('account, refused', page);
  await page.goto('/account');
  await page.getByLabel('Your password, to make new codes').fill('ana-demo');
  await portal.button('Make ten new codes').click();
  await expect(portal.main.locator('.recovery-codes li')).toHaveCount(10);
  await visit('account, recovery codes', page);
  await page.goto('/account?changed');
  await visit('account, changed', page);
}

/** The longest words there are. */
async function german(portal: Portal, id: string, visit: Visit): Promise<void> {
  const { page } = portal;
  await page.getByRole('button', { name: 'Deutsch' }).click();
  await expect(page.locator('html')).toHaveAttribute('lang', 'de');
  for (const path of ['/devices', `/devices/${id}`, `/devices/${id}/reset`, '/notifications', '/contact', '/account', '/phones', `/phones/${id}`, '/no-such-page']) {
    await page.goto(path);
    await visit(`German, ${path.replace(id, '{id}')}`, page);
  }
  await page.goto(`/devices/${id}/reset`);
  await portal.button('Abmelden').click();
  await expect(portal.timer).toBeVisible();
  await visit('German, countdown', page);
  await page.getByRole('button', { name: 'English' }).click();
  await expect(page.locator('html')).toHaveAttribute('lang', 'en');
}

async function others(portal: Portal, visit: Visit): Promise<void> {
  const { page } = portal;
  await portal.signIn('ben');
  await expect(portal.alert).toContainText('You signed in as somebody else');
  await visit('another person', page);
  await page.getByRole('banner').getByRole('button', { name: 'Sign out' }).click();
  await expect(portal.heading('Sign in')).toBeVisible();
  await portal.signIn('ira');
  await expect(portal.main).toContainText('No device is registered for you.');
  await visit('devices, none', page);
  const other = new Portal(await page.context().newPage());
  await other.page.goto('/devices');
  await other.page.getByRole('banner').getByRole('button', { name: 'Sign out' }).click();
  await expect(portal.alert).toContainText('You were signed out in another tab.');
  await visit('signed out elsewhere', page);
}
