import type { Portal } from '../support/portal';
import { freePort } from '../support/program';
import { type Mdm, NAMES, StandIns } from '../support/stand-ins';
import { expect, test as base } from '../support/test';

const GALAXY = "Ana's Galaxy";
const INTUNE = "Ana's Intune phone";
const APPLE = "Ana's Apple phone";
const WORK = "Ana's work phone";
const FLEET = "Ana's Fleet phone";
const CREATED = 'Removes the existing passcode and creates a temporary passcode with both letters and numbers.';
const REMOVED = /^Removes the existing passcode and does not create a temporary passcode\./;

const test = base.extend<{ mdms: StandIns }>({
  mdms: async ({}, use) => {
    const mdms = new StandIns();
    await use(mdms);
    await mdms.stop();
  },
  settings: async ({ mdms }, use) => use((url) => mdms.start(url)),
  program: async ({ program, mdms }, use) => {
    await mdms.enrol();
    await use(program);
  },
});

test('a person with a phone on each of five MDMs sees one list, and resets each of them, once', async ({ portal, program, phone, mdms }) => {
  test.slow();
  await portal.signIn();
  await sees(portal, [GALAXY, INTUNE, APPLE, WORK, FLEET]);

  const virtual = await test.step(GALAXY, async () => {
    const id = await portal.prove(GALAXY);
    await expect(portal.main.locator('.effect')).toHaveText(CREATED);
    await portal.button('Reset Passcode').click();
    await portal.done();
    await expect(portal.flag).toHaveAccessibleName('Notifications, 1 unread');
    const inHand = await phone(id);
    expect(await inHand.unlock(await portal.show())).toBe('Unlocked');
    return id;
  });

  const others: [string, Mdm, string | RegExp][] = [
    [INTUNE, 'intune', CREATED],
    [APPLE, 'nanomdm', REMOVED],
    [WORK, 'android', CREATED],
    [FLEET, 'fleet', REMOVED],
  ];
  for (const [before, [name, mdm, effect]] of others.entries()) {
    await test.step(name, async () => {
      await mdms.online(mdm, false);
      await portal.prove(name);
      await expect(portal.main.locator('.effect')).toHaveText(effect);
      await portal.button('Reset Passcode').click();
      await portal.told('Sent to the device management.');
      expect(await mdms.opens(mdm)).toBe(false);
      await mdms.online(mdm, true);
      await portal.done();
      await expect(portal.flag).toHaveAccessibleName(`Notifications, ${before + 2} unread`);
      if (effect === CREATED) {
        expect(await mdms.opens(mdm, await portal.show())).toBe(true);
      } else {
        await expect(portal.button('Show temporary passcode')).toHaveCount(0);
        expect(await mdms.opens(mdm)).toBe(true);
      }
    });
  }

  expect(program.commands(virtual)).toBe(1);
  for (const [, mdm] of others) expect(await mdms.executions(mdm), mdm).toBe(1);
});

test.describe('with an MDM that was never heard of', () => {
  test.use({
    settings: async ({ mdms }, use) =>
      use(async (url) => ({ ...(await mdms.start(url)), LATCHKEY_FLEET__FLEET__URL: `http://127.0.0.1:${await freePort()}` })),
    complains: /an MDM does not tell whose devices are whose fleet=fleet/,
  });

  test('the devices of the others come, and can be reset', async ({ portal, page, mdms }) => {
    await portal.signIn();
    await sees(portal, [GALAXY, INTUNE, APPLE, WORK]);
    await expect(portal.alert).toHaveCount(1);
    await expect(portal.alert).toContainText(`${NAMES.fleet} does not answer, so devices may be missing here.`);
    await expect(portal.card(FLEET)).toHaveCount(0);

    await portal.reset(INTUNE);
    expect(await mdms.opens('intune', await portal.show())).toBe(true);
    expect(await mdms.executions('intune')).toBe(1);
    await page.goto('/devices');
    await expect(portal.card(INTUNE)).toContainText('Reset done');
  });
});

test.describe('with MDMs that fall silent', () => {
  test.use({ complains: /an MDM does not tell whose devices are whose fleet=(intune|android|fleet)/ });

  test('their devices are shown as they were, with their age, and others can be reset', async ({ portal, page, program, phone, mdms }) => {
    await portal.signIn();
    await sees(portal, [GALAXY, INTUNE, APPLE, WORK, FLEET]);
    await mdms.stop();
    // What was heard a moment ago is still shown as it is.
    program.jump(60);
    await page.goto('/devices');
    await sees(portal, [GALAXY, INTUNE, APPLE, WORK, FLEET]);
    for (const silent of [INTUNE, WORK, FLEET]) {
      await expect(portal.card(silent)).toContainText('The device management does not answer. This is what it said 1 minute ago.');
    }
    await expect(portal.card(GALAXY)).not.toContainText('does not answer');

    const id = await portal.reset(GALAXY);
    expect(await (await phone(id)).unlock(await portal.show())).toBe('Unlocked');
    expect(program.commands(id)).toBe(1);
  });
});

async function sees(portal: Portal, devices: string[]): Promise<void> {
  await expect(portal.heading('Your devices')).toBeVisible();
  for (const device of devices) {
    await expect(portal.card(device)).toBeVisible();
    await expect(portal.card(device)).not.toContainText('heard of in');
  }
}
