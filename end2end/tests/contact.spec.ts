import { expect, test } from '../support/test';

test('Contact IT is there for strangers too', async ({ page, portal }) => {
  await page.goto('/sign-in');
  await page.getByRole('link', { name: 'Contact IT' }).click();
  await expect(portal.heading('Contact IT')).toBeVisible();
  await expect(portal.main.getByRole('link', { name: 'helpdesk@example.com' })).toHaveAttribute('href', 'mailto:helpdesk@example.com');
  await expect(portal.main.getByRole('link', { name: '+1 555 0100' })).toHaveAttribute('href', 'tel:+15550100');
});
