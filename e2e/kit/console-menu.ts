import type { Page } from 'playwright-core';

/** Goes to a place of the console by its menu, unfolding its group if it is folded; ends when the place is shown. */
export async function openPlace(page: Page, path: string): Promise<void> {
  const item = `a.co-menu-item[href="/console${path}"]`;
  const side = page.locator('.co-shell > .co-side');
  const link = side.locator(item);
  if (!(await link.isVisible())) {
    await side
      .locator('.co-menu > ul > li', { has: page.locator(item) })
      .locator('.co-menu-group')
      .click();
  }
  await link.click();
  // Until its code is there, the page before stays, and the menu says so.
  await side.locator(`${item}[aria-current="page"]`).waitFor();
}
