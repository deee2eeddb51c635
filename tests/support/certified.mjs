// A certified OpenID Connect issuer (npm `oidc-provider`) with one service account: its address and its keys are given.
import Provider from "oidc-provider";

const [url, keys] = process.argv.slice(2);
const provider = new Provider(url, {
  clients: [
    {
      client_id: "script",
      client_secret: "a-secret-of-the-script",
      grant_types: ["client_credentials"],
      response_types: [],
      redirect_uris: [],
      id_token_signed_response_alg: "ES256",
    },
  ],
  jwks: JSON.parse(keys),
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => "urn:zhucun",
      getResourceServerInfo: () => ({
        scope: "",
        audience: "zhucun",
        accessTokenFormat: "jwt",
        accessTokenTTL: 600,
        jwt: { sign: { alg: "ES256" } },
      }),
    },
  },
  extraTokenClaims: () => ({
    zhucun: { organ: "桓仁满族自治县扶贫办", roles: [{ role: "poverty_office", division: "210502" }] },
  }),
});
provider.listen(Number(new URL(url).port), "127.0.0.1", () => console.log("listening"));
