import { alive, expect, test } from '../support/test';

const GALAXY = "Ana's Galaxy";

test('a double click is one command', async ({ portal, program }) => {
  await portal.signIn();
  const id = await portal.prove(GALAXY);
  await portal.button('Reset Passcode').dblclick();
  await portal.done();
  expect(program.commands(id)).toBe(1);
});

test('reload, back and forward send nothing again', async ({ portal, program, page, still }) => {
  await portal.signIn();
  const id = await portal.reset(GALAXY);
  const reload = () => (still ? page.reload() : alive(page, () => page.reload()));
  await reload();
  await page.goBack();
  // With JavaScript the step before; without it the same page, as it was before "Check again".
  await expect(portal.heading(still ? GALAXY : `Reset the passcode of ${GALAXY}`)).toBeVisible();
  await reload();
  await page.goForward();
  await expect(portal.main.getByText('Done. The device has reset its passcode.')).toBeVisible();
  await reload();
  await expect(portal.main.getByText('Done. The device has reset its passcode.')).toBeVisible();
  expect(program.commands(id)).toBe(1);
});

test('two tabs with one proof are one command', async ({ portal, tab, program }) => {
  await portal.signIn();
  const id = await portal.prove(GALAXY);
  const other = await tab();
  await other.page.goto(`/devices/${id}/reset`);
  await expect(other.page.getByRole('heading', { name: 'Step 2 of 2: reset it' })).toBeVisible();
  await Promise.all([portal.button('Reset Passcode').click(), other.button('Reset Passcode').click()]);
  await portal.done();
  await other.done();
  expect(program.commands(id)).toBe(1);
});
