// The supplier's portal, as its staff use it.
export async function signIn(page, server) {
  await page.goto("/portal/");
  await page.getByLabel(/token/i).fill(server.token);
  await page.getByRole("button", { name: /log in|sign in/i }).click();
}
