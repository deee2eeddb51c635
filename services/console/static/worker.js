// Stands between the pages and the network: a form of what was seen in a village that cannot be sent is kept, the page that it
// stands on stays as it is, and what was opened before opens without a network too.
"use strict";

importScripts("/static/kept.js");

const SHELL = "shell";
const FORMS = "forms"; // Forms that may be kept, as they were last opened; deleted when somebody signs out.
const MOST = 50;
const NEEDED = [
  "/away/zh", "/away/en", "/static/console.css", "/static/console.js", "/static/kept.js", "/static/drafts.js",
  "/static/htmx-2.min.js", "/static/icon.svg",
];
const pages = new BroadcastChannel("drafts");

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(SHELL).then((shell) => shell.addAll(NEEDED)).then(() => self.skipWaiting()));
});
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const path = new URL(event.request.url).pathname;
  if (event.request.mode === "navigate") {
    event.respondWith(event.request.method === "POST" ? sent(event.request, path) : opened(event.request));
  } else if (NEEDED.includes(path)) {
    event.respondWith(shell(event.request));
  }
});

// A file that every page needs, from the network as long as there is one.
async function shell(request) {
  try {
    const answer = await fetch(request);
    if (answer.ok) await (await caches.open(SHELL)).put(request, answer.clone());
    return answer;
  } catch (away) {
    return (await caches.match(request)) || Response.error();
  }
}

// A page. The server says which ones may be kept.
async function opened(request) {
  try {
    const answer = await fetch(request);
    if (answer.headers.get("x-keep") === "form") await remember(request, answer.clone());
    return answer;
  } catch (away) {
    const before = await (await caches.open(FORMS)).match(request);
    return before || caches.match(`/away/${(await kept.setting("lang")) || "zh"}`);
  }
}

async function remember(request, answer) {
  const forms = await caches.open(FORMS);
  await forms.put(request, answer);
  const all = await forms.keys();
  for (const old of all.slice(0, Math.max(0, all.length - MOST))) await forms.delete(old);
}

// A form that is sent. If there is no network, or the session has ended, the page with it stays where it is (204) and is told
// why.
async function sent(request, path) {
  // Another site's form would be sent later with this one's proof.
  const isOurs = request.referrer.startsWith(`${self.location.origin}/`);
  const copy = isOurs && path.startsWith("/act/") ? request.clone() : null;
  let why = "Away";
  try {
    const answer = await fetch(request);
    if (answer.headers.get("x-keep") !== "form") return answer;
    if (!copy) return answer;
    why = "Ended";
  } catch (away) {
    // There is no network.
  }
  const id = copy && (await keep(await copy.formData(), path));
  pages.postMessage({ why: `${id ? "kept" : "not"}${why}`, path });
  return new Response(null, { status: 204 });
}

// Keep a form that says by whom it is written, and is to be submitted. The proof of its origin is left out: it is the session's.
async function keep(form, path) {
  const owner = form.get("draft.owner");
  if (!owner || form.get("deed") !== "say") return "";
  const id = form.get("draft") || form.get("key");
  const fields = [...form].filter(([name, value]) => name !== "form" && !name.startsWith("draft") && typeof value === "string");
  await kept.put({
    id, owner, action: path, title: form.get("draft.title"), about: form.get("draft.about"), fields, at: Date.now(),
    state: "unsent", said: "",
  });
  return id;
}
