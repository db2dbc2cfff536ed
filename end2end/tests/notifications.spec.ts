import { expect, test } from '../support/test';

test('every reset is one notification, the newest first, until they are marked as read', async ({ portal, page }) => {
  await portal.signIn();
  await portal.flag.click();
  await expect(portal.heading('Your notifications')).toBeVisible();
  await expect(portal.main).toContainText('Nothing yet.');
  await expect(portal.button('Mark all as read')).toHaveCount(0);

  await portal.reset("Ana's iPhone");
  await portal.reset("Ana's Galaxy");
  await expect(portal.flag).toHaveAccessibleName('Notifications, 2 unread');
  await portal.flag.click();
  const items = portal.main.getByRole('listitem');
  await expect(items).toContainText([
    /Unread.*Ana's Galaxy.*The passcode was reset successfully\..*temporary passcode is waiting/s,
    /Unread.*Ana's iPhone.*The passcode was reset successfully\..*no passcode now/s,
  ]);

  await portal.button('Mark all as read').click();
  await expect(portal.flag).toHaveAccessibleName('Notifications');
  await expect(portal.button('Mark all as read')).toHaveCount(0);
  await page.reload();
  await expect(portal.flag).toHaveAccessibleName('Notifications');
  await expect(items).toHaveCount(2);
  await expect(items.getByText('Read', { exact: true })).toHaveCount(2);
});

test('a notification leads to its device', async ({ portal }) => {
  await portal.signIn();
  await portal.reset("Ana's Galaxy");
  await portal.flag.click();
  await portal.main.getByRole('link', { name: "Ana's Galaxy" }).click();
  await expect(portal.heading("Ana's Galaxy")).toBeVisible();
  await expect(portal.button('Show temporary passcode')).toBeVisible();
});

test('nobody else is told', async ({ portal, elsewhere }) => {
  const ben = await elsewhere();
  await ben.signIn('ben');
  await portal.signIn();
  await portal.reset("Ana's iPhone");
  await ben.page.goto('/notifications');
  await expect(ben.flag).toHaveAccessibleName('Notifications');
  await expect(ben.main).toContainText('Nothing yet.');
});
