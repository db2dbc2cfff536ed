import { type Page, expect } from '@playwright/test';
import { Phone } from './phone';
import { Portal } from './portal';
import type { Program } from './program';

export type Visit = (name: string, page: Page) => Promise<void>;

const GALAXY = "Ana's Galaxy";

/** Walks through every page in every state that looks different, and stops at each. */
export async function everyState(page: Page, program: Program, visit: Visit): Promise<void> {
  const portal = new Portal(page);
  await strangers(portal, visit);
  await portal.signIn();
  await expect(portal.heading('Devices')).toBeVisible();
  await visit('devices', page);
  const id = await devices(portal, visit);
  const phone = new Phone(page, id);
  await windowed(portal, program, visit);
  await waiting(portal, phone, visit);
  await passcodes(portal, phone, visit);
  await iphone(portal, visit);
  await told(portal, visit);
}

async function strangers(portal: Portal, visit: Visit): Promise<void> {
  const { page } = portal;
  await page.goto('/sign-in');
  await visit('sign-in', page);
  await portal.signIn('ana', 'not it');
  await expect(page.getByRole('alert')).toBeVisible();
  await visit('sign-in-wrong', page);
  for (const reason of ['fresh', 'signed-out']) {
    await page.goto(`/sign-in?refused=${reason}`);
    await visit(`sign-in-${reason}`, page);
  }
  await page.goto('/contact');
  await visit('contact', page);
  await page.goto('/no-such-page');
  await visit('no-such-page', page);
  await page.goto('/phones');
  await visit('phones', page);
}

async function devices(portal: Portal, visit: Visit): Promise<string> {
  const { page } = portal;
  await portal.open("Ana's MacBook");
  await visit('computer', page);
  await page.goto(`${page.url()}/reset`);
  await visit('computer-reset', page);
  await page.goto('/notifications');
  await visit('notifications-none', page);
  const id = await portal.open(GALAXY);
  await visit('device', page);
  await page.goto(`/devices/virtual.${'0'.repeat(32)}`);
  await visit('device-unknown', page);
  return id;
}

async function windowed(portal: Portal, program: Program, visit: Visit): Promise<void> {
  const { page } = portal;
  await portal.open(GALAXY);
  await portal.button('Reset Passcode').click();
  await expect(portal.button('Sign out')).toBeVisible();
  await visit('step-1', page);
  await portal.button('Sign out').click();
  await expect(portal.timer).toBeVisible();
  await visit('countdown', page);
  program.jump(270);
  await page.reload();
  await visit('countdown-last-minute', page);
  program.jump(301);
  await page.reload();
  await visit('countdown-over', page);
  await portal.signIn();
  await expect(page.getByRole('alert').first()).toBeVisible();
  await visit('late', page);
}

async function waiting(portal: Portal, phone: Phone, visit: Visit): Promise<void> {
  const { page } = portal;
  await phone.goOffline();
  await visit('phone-offline', page);
  await portal.prove(GALAXY);
  await visit('step-2', page);
  await page.getByText('What happens on each kind of device').click();
  await visit('step-2-table', page);
  await portal.button('Reset Passcode').click();
  await portal.told('Waiting for the device.');
  await visit('waiting', page);
  await page.goto(`/devices/${phone.id}/reset`);
  await visit('already-open', page);
  await phone.goOnline();
}

async function passcodes(portal: Portal, phone: Phone, visit: Visit): Promise<void> {
  const { page } = portal;
  await page.goto(`/devices/${phone.id}`);
  await portal.done();
  await visit('done', page);
  const passcode = await portal.show();
  await page.getByText('It did not open the phone').click();
  await page.getByText('Read it character by character').click();
  await visit('passcode', page);
  await phone.unlock('wrong');
  await visit('phone-wrong', page);
  await phone.unlock(passcode);
  await visit('phone-unlocked', page);
  await page.goto(`/devices/${phone.id}`);
  await portal.show();
  await portal.button('Done').click();
  await expect(portal.main).toContainText('The temporary passcode is gone.');
  await visit('passcode-gone', page);
}

async function iphone(portal: Portal, visit: Visit): Promise<void> {
  const { page } = portal;
  const id = await portal.open("Ana's iPhone");
  await page.goto(`/phones/${id}`);
  await visit('iphone', page);
}

async function told(portal: Portal, visit: Visit): Promise<void> {
  const { page } = portal;
  await page.goto('/notifications');
  await visit('notifications', page);
  await page.goto('/account');
  await visit('account', page);
  await page.goto('/account?changed');
  await visit('account-changed', page);
  await page.goto('/devices?another');
  await visit('devices-another', page);
}
