// An organisation's identity provider, in a process of its own, so that its clock can be moved. It knows the people of
// the demo organisation, and takes any password.
import Provider from 'oidc-provider';

const { ISSUER, PORTAL, CLIENT, SECRET } = process.env;
/** Whether it does what prompt and max_age ask of it. One that does not signs people in again without a word. */
let obeys = true;

const provider = new Provider(ISSUER, {
  clients: [
    {
      client_id: CLIENT,
      client_secret: SECRET,
      redirect_uris: [`${PORTAL}/oidc/work/callback`],
      post_logout_redirect_uris: [`${PORTAL}/sign-in`],
      backchannel_logout_uri: `${PORTAL}/oidc/work/backchannel-logout`,
      backchannel_logout_session_required: true,
    },
  ],
  claims: { openid: ['sub', 'auth_time', 'sid'], profile: ['name'], email: ['email', 'email_verified'] },
  features: {
    devInteractions: { enabled: false },
    backchannelLogout: { enabled: true },
    pushedAuthorizationRequests: { enabled: process.env.PUSHED === '1' },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: (ctx, form) => {
        ctx.body = page('Sign out?', `${form}<button form="op.logoutForm" name="logout" value="yes">Yes, sign out</button>`);
      },
      postLogoutSuccessSource: (ctx) => {
        ctx.body = page('Signed out', '');
      },
    },
  },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, name: id === 'ana' ? 'Ana Marić' : id, email: `${id}@example.com`, email_verified: true }),
  }),
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  // An organisation has agreed for its people already.
  loadExistingGrant: async (ctx) => {
    const { client, session } = ctx.oidc;
    const grant = new ctx.oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId });
    grant.addOIDCScope('openid email profile');
    await grant.save();
    return grant;
  },
  // Its dispatcher refuses to call anybody on this machine, where the portal is.
  fetch: (url, { dispatcher, ...options }) => globalThis.fetch(url, options),
  pkce: { required: () => true },
  ttl: { Interaction: 3600, Session: 86400, Grant: 86400, AccessToken: 60, IdToken: 300 },
});

provider.use(async (ctx, next) => {
  if (!obeys && ctx.path === '/auth') {
    const { prompt, max_age, ...rest } = ctx.query;
    ctx.query = rest;
  }
  if (!ctx.path.startsWith('/interaction/')) return next();
  if (ctx.method === 'GET') {
    const { login_hint = '' } = (await provider.interactionDetails(ctx.req, ctx.res)).params;
    ctx.body = page(
      'Example ID',
      `<form method="post"><label>Account <input name="account" value="${login_hint}" required></label>
       <label>Secret <input name="secret" type="password" required></label><button>Continue</button></form>`,
    );
    return;
  }
  let body = '';
  for await (const part of ctx.req) body += part;
  const accountId = new URLSearchParams(body).get('account');
  await provider.interactionFinished(ctx.req, ctx.res, { login: { accountId } }, { mergeWithLastSubmission: false });
  ctx.respond = false;
});

process.on('message', (message) => {
  ({ obeys } = message);
  process.send('heard');
});
provider.listen(Number(new URL(ISSUER).port), '127.0.0.1', () => process.send('ready'));

function page(title, body) {
  return `<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>${title}</title><h1>${title}</h1>${body}</html>`;
}
