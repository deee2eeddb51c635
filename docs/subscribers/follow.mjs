// Follow one service's open events over HTTP. 跟随一个服务的公开事件。
// node follow.mjs http://127.0.0.1:8001 registry.cursor 21
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

const [service, kept, below] = process.argv.slice(2);
const token = process.env.ZHUCUN_TOKEN;
const headers = token ? { Authorization: `Bearer ${token}` } : {};
let after = existsSync(kept) ? readFileSync(kept, "utf8") : "";
for (;;) {
  const asked = new URLSearchParams({ below, after, wait: "50" });
  let page;
  try {
    const answer = await fetch(`${service}/v1/events?${asked}`, { headers, signal: AbortSignal.timeout(90_000) });
    if (!answer.ok && answer.status !== 503) {
      console.error(await answer.text()); // 409: the journal is another one, and the answer says what to do.
      process.exit(1);
    }
    page = answer.ok ? await answer.json() : null;
  } catch {
    page = null;
  }
  if (page === null) {
    await pause(5000); // It is away; nothing is lost by waiting.
    continue;
  }
  for (const event of page.events) console.log(event.occurredon, event.type, event.subject, event.id);
  after = page.after;
  writeFileSync(`${kept}.new`, after); // If it stops before this line, events come again: take each id once.
  renameSync(`${kept}.new`, kept);
}
