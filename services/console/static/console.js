// What makes the pages smoother. Without it every page works as plain links and forms.
"use strict";

// News from elsewhere: an element with data-live="/live?place=…" has htmx told of each kind of news on the body, so that
// parts of the page with hx-trigger="village from:body" are read again.
for (const element of document.querySelectorAll("[data-live]")) {
  const stream = new EventSource(element.dataset.live);
  for (const kind of (element.dataset.kinds || "news").split(" ")) {
    stream.addEventListener(kind, (event) => htmx.trigger(document.body, kind, { said: event.data }));
  }
  window.addEventListener("pagehide", () => stream.close());
}

// A form is sent once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  const question = event.submitter && event.submitter.dataset.confirm;
  if (question && !window.confirm(question)) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "true";
  window.setTimeout(() => delete form.dataset.sent, 5000);
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// While a file is taken in, the page says how far it is.
document.addEventListener("submit", (event) => {
  const told = event.target.querySelector("[data-progress]");
  if (!told || event.defaultPrevented) return;
  window.setInterval(async () => {
    const answer = await fetch(told.dataset.progress, { headers: { accept: "text/plain" } });
    if (answer.ok) told.textContent = await answer.text();
  }, 1500);
});

// A choice that shows what it chooses, such as a role: the form is sent at once.
document.addEventListener("change", (event) => {
  if (event.target.dataset.sends !== undefined) event.target.form.requestSubmit();
});
