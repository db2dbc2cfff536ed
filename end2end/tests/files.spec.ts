import { expect, openAlive, test } from '../support/test';

test('style, script and WebAssembly come compressed, are kept for good, and are not sent twice', async ({ page, program, request }) => {
  await page.goto('/sign-in');
  const html = await page.content();
  const files = [...new Set(html.match(/\/pkg\/[\w-]+\/latchkey\.(css|js|wasm)/g) ?? [])];
  expect(files.map((file) => file.split('.').pop()).sort()).toEqual(['css', 'js', 'wasm']);
  for (const file of files) {
    const address = `${program.url}${file}`;
    const sent = await request.get(address, { headers: { 'accept-encoding': 'br' } });
    expect(sent.status()).toBe(200);
    const headers = sent.headers();
    expect(headers['content-encoding'], file).toBe('br');
    expect(headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(headers.vary).toContain('accept-encoding');
    expect(headers['x-content-type-options']).toBe('nosniff');
    if (file.endsWith('.wasm')) expect(headers['content-type']).toBe('application/wasm');
    for (const known of [{ 'if-modified-since': headers['last-modified'] }, { 'if-none-match': headers.etag }]) {
      const again = await request.get(address, { headers: { 'accept-encoding': 'br', ...known } });
      expect(again.status()).toBe(304);
    }
    const older = await request.get(address, { headers: { 'accept-encoding': 'gzip' } });
    expect(older.headers()['content-encoding'], file).toBe('gzip');
    const plain = await request.get(address, { headers: { 'accept-encoding': 'identity' } });
    expect(plain.headers()['content-encoding']).toBeUndefined();
  }
  // Kept for good, the files of this release must not come at the address of another one.
  for (const path of ['/pkg/latchkey.js', '/pkg/another/latchkey.js', files[0].replace('latchkey.', 'latchkey2.')]) {
    const missing = await request.get(`${program.url}${path}`);
    expect(missing.status(), path).toBe(404);
    expect(missing.headers()['cache-control']).toBe('no-store');
  }
});

test('a first visit asks for five things beside its live connection', async ({ page, portal, context, elsewhere }) => {
  // Signed in elsewhere, so that nothing is cached here.
  const there = await elsewhere();
  await there.signIn();
  await context.addCookies(await there.page.context().cookies());
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname.replace(/^\/pkg\/[\w-]+/, '/pkg')));
  await openAlive(page, '/devices');
  await page.waitForLoadState('networkidle');
  await expect(portal.heading('Your devices')).toBeVisible();
  const five = ['/devices', '/favicon.svg', '/pkg/latchkey.css', '/pkg/latchkey.js', '/pkg/latchkey.wasm'];
  expect(asked.sort()).toEqual(five);
});
