// Follow one service's open events over HTTP. 跟随一个服务的公开事件。
// node follow.mjs http://127.0.0.1:8001 registry.cursor 21
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

const [service, kept, below] = process.argv.slice(2);
const { ZHUCUN_TOKEN_URL: issuer, ZHUCUN_CLIENT_ID: client_id, ZHUCUN_CLIENT_SECRET: client_secret } = process.env;
const grant = { grant_type: "client_credentials", client_id, client_secret };
let after = existsSync(kept) ? readFileSync(kept, "utf8") : "";
let token = "";
for (;;) {
  const isNew = issuer && !token; // Where people sign in, programs do too: a token ends after ten minutes.
  const asked = new URLSearchParams({ below, after, wait: "50" });
  let page, answer;
  try {
    const signal = AbortSignal.timeout(90_000);
    if (isNew) answer = await fetch(issuer, { method: "POST", body: new URLSearchParams(grant), signal });
    if (isNew && answer.ok) token = (await answer.json()).access_token;
    const headers = token ? { Authorization: `Bearer ${token}` } : {};
    if (!isNew || answer.ok) answer = await fetch(`${service}/v1/events?${asked}`, { headers, signal });
    page = await (answer.ok ? answer.json() : answer.text());
  } catch {
    answer = { status: 503 };
  }
  if (answer.status === 401 && token && !isNew) token = "";
  else if (answer.status === 503) await pause(5000); // It is away; nothing is lost by waiting.
  else if (!answer.ok) {
    console.error(page); // 409: the journal is another one, and the answer says what to do.
    process.exit(1);
  } else {
    for (const event of page.events) console.log(event.occurredon, event.type, event.subject, event.id);
    after = page.after;
    writeFileSync(`${kept}.new`, after); // If it stops before this line, events come again: take each id once.
    renameSync(`${kept}.new`, kept);
  }
}
