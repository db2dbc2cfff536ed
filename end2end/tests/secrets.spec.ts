import { expect, test } from '../support/test';

test('the temporary passcode is on the page that shows it and nowhere else in the browser', async ({ portal, page, context, program }) => {
  const addresses: string[] = [];
  page.on('request', (request) => addresses.push(request.url()));
  await portal.signIn();
  await portal.reset("Ana's Galaxy");
  const passcode = await portal.show();
  expect(passcode).toMatch(/^\S{8,}$/);
  expect(await page.content()).not.toContain(`"${passcode}"`);

  const kept = await context.storageState({ indexedDB: true });
  expect(kept.origins, 'local storage and databases').toEqual([]);
  expect(JSON.stringify(kept.cookies)).not.toContain(passcode);
  expect(addresses.join('\n')).not.toContain(passcode);
  if (!portal.still) {
    const rest = await page.evaluate(async () => ({
      session: Object.entries(sessionStorage),
      state: history.state,
      caches: 'caches' in window ? await caches.keys() : [],
      title: document.title,
    }));
    expect(rest).toMatchObject({ session: [], state: null, caches: [] });
    expect(rest.title).not.toContain(passcode);
  }

  await portal.button('Done').click();
  await expect(portal.passcode).toHaveCount(0);
  await expect(portal.main).not.toContainText(passcode);
  for (const path of ['/devices', '/notifications', '/account', '/phones']) {
    await page.goto(path);
    expect((await page.locator('body').innerText()).replace(/\s/g, ''), path).not.toContain(passcode);
  }
  await page.goBack();
  await page.goBack();
  expect((await page.locator('body').innerText()).replace(/\s/g, '')).not.toContain(passcode);
  expect(program.said).not.toContain(passcode);
});
