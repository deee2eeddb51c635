// Forms that could not be sent: how many there are, sending them once the network is back, and what came of it.
"use strict";

(async () => {
  const link = document.getElementById("drafts"); // In the head of every page; it knows who looks.
  const told = document.getElementById("told");
  const list = document.getElementById("draft-list"); // On the page of drafts, and on the one that stands for all others.
  if (!("serviceWorker" in navigator) || !navigator.locks || !link) return;
  for (const one of document.querySelectorAll("[data-without-drafts]")) one.remove();
  for (const one of document.querySelectorAll("[data-with-drafts]")) one.hidden = false;
  const pages = new BroadcastChannel("drafts");
  const isAway = link.dataset.owner === "away";
  const owner = isAway ? await kept.setting("owner") : link.dataset.owner;
  const token = document.querySelector("input[name=form]")?.value;
  let unsent = [];

  // Say something in place. The texts stand in the page, in its language.
  function tell(which, more = "") {
    told.textContent = told.dataset[which] + more;
    if (!which.endsWith("Ended")) return;
    const led = document.createElement("a");
    [led.href, led.textContent] = ["/sign-in?to=/drafts", told.dataset.signIn];
    told.append(" ", led);
  }

  async function show() {
    const drafts = owner ? await kept.of(owner) : [];
    unsent = drafts.filter((draft) => draft.state !== "sent");
    link.hidden = unsent.length === 0;
    link.querySelector("b").textContent = unsent.length;
    if (list) list.replaceChildren(...drafts.map(shown));
    const none = document.getElementById("no-drafts");
    if (none) none.hidden = drafts.length > 0;
  }

  // One draft in the list, made of the page's template.
  function shown(draft) {
    const made = document.getElementById("draft").content.cloneNode(true);
    const set = (name, text) => (made.querySelector(`[data-of=${name}]`).textContent = text);
    set("title", draft.title);
    set("about", draft.about);
    set("at", new Date(draft.at).toLocaleString(document.documentElement.lang));
    set("said", draft.said);
    for (const one of made.querySelectorAll("[data-state]")) one.hidden = one.dataset.state !== draft.state;
    const open = made.querySelector("[data-do=open]");
    open.hidden = isAway || draft.state === "sent";
    open.addEventListener("click", () => reopen(draft));
    made.querySelector("[data-do=delete]").addEventListener("click", async (event) => {
      if (draft.state !== "sent" && !window.confirm(event.target.dataset.ask)) return;
      await kept.remove(draft.id);
      pages.postMessage({});
      await show();
    });
    return made;
  }

  // The form as it was filled in. It is checked, not submitted: so what was refused stands beside its field.
  function reopen(draft) {
    const form = document.createElement("form");
    form.method = "post";
    form.action = draft.action;
    const fields = draft.fields.filter(([name]) => name !== "deed");
    for (const [name, value] of [...fields, ["form", token], ["deed", "check"], ["draft", draft.id]]) {
      const field = document.createElement("input");
      field.type = "hidden";
      [field.name, field.value] = [name, value];
      form.append(field);
    }
    document.body.append(form);
    form.submit();
  }

  // Send what is unsent, each with the key that its form had: what has arrived without an answer is not done twice. One page
  // does it for all, and each draft is looked at again, since another page may have sent it before.
  async function send() {
    if (isAway || !owner || !token) return;
    await navigator.locks.request("drafts", async () => {
      for (const draft of (await kept.of(owner)).filter((one) => one.state === "unsent")) {
        if (!(await sent(draft))) break;
      }
    });
    await show();
  }

  // Whether a draft was answered, so that the next one may be sent.
  async function sent(draft) {
    const body = new URLSearchParams(draft.fields);
    body.set("form", token);
    let answer, page;
    try {
      answer = await fetch(draft.action, { method: "POST", body });
      page = new DOMParser().parseFromString(await answer.text(), "text/html");
    } catch (away) {
      return false;
    }
    if (page.getElementById("drafts")?.dataset.owner !== owner) {
      tell("keptEnded"); // Nobody is signed in any more, or somebody else.
      return false;
    }
    if (answer.status >= 500 || answer.status === 429) return false;
    const said = page.querySelector("main .note.good, main .faults")?.textContent.replace(/\s+/g, " ").trim() || "";
    await kept.put(answer.ok ? { ...draft, fields: [], state: "sent", said } : { ...draft, state: "refused", said });
    pages.postMessage({});
    tell(answer.ok ? "sent" : "refused", `${draft.title} ${draft.about}`);
    if (answer.ok) document.querySelector(`form[data-draft="${CSS.escape(draft.id)}"]`)?.remove();
    return true;
  }

  pages.addEventListener("message", async ({ data }) => {
    const form = document.querySelector("form[data-sent]");
    if (data.why && form && new URL(form.action).pathname === data.path) {
      delete form.dataset.sent;
      tell(data.why);
    }
    await show();
  });

  // Before somebody signs out he is told what would be lost. What is kept of him goes with him.
  document.addEventListener("submit", (event) => {
    if (event.target.getAttribute("action") !== "/sign-out") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (!navigator.onLine) return tell("notAway");
    if (unsent.length && !window.confirm(told.dataset.signOut.replace("0", unsent.length))) return;
    const gone = kept.of(owner).then((drafts) => Promise.all(drafts.map((draft) => kept.remove(draft.id))));
    Promise.all([gone, caches.delete("forms"), kept.set("owner", "")]).then(() => event.target.submit());
  }, true);

  // A form that is opened without a network serves again, and what is written on it is another request.
  for (const form of document.querySelectorAll("form[data-draft]")) {
    form.elements.key.value = crypto.randomUUID();
    form.dataset.draft = form.elements.draft?.value || form.elements.key.value;
  }

  await navigator.serviceWorker.register("/worker.js");
  if (owner && !isAway) {
    if ((await kept.setting("owner")) !== owner) await caches.delete("forms"); // They were somebody else's.
    await kept.set("owner", owner);
    await kept.set("lang", document.documentElement.lang.slice(0, 2));
  }
  const done = document.querySelector("[data-draft-done]")?.dataset.draftDone;
  if (done) await kept.remove(done);
  await show();
  await send();
  window.addEventListener("online", send);
  window.setInterval(() => unsent.length && send(), 60_000); // Browsers do not always notice that the network is back.
})();
