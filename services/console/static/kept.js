// What this browser keeps of forms that could not be sent. The pages and the worker both use it.
//
// A draft is {id, owner, action, title, about, fields, at, state, said}: its state is "unsent", "refused" or "sent", and one
// that was sent has no fields any more. `owner` is by whom it was written, in a form that only this installation can read.
"use strict";

const KEPT_DAYS = 30;

const kept = (() => {
  let opened;

  // The answer of IndexedDB to `act`, which asks something of one store. What is opened for others must give way, or a later
  // version could not change the stores.
  async function asked(store, mode, act) {
    opened ||= new Promise((done, failed) => {
      const opening = indexedDB.open("zhucun", 1);
      opening.onupgradeneeded = () => {
        opening.result.createObjectStore("drafts", { keyPath: "id" });
        opening.result.createObjectStore("settings");
      };
      opening.onerror = () => failed(opening.error);
      opening.onsuccess = () => {
        opening.result.onversionchange = () => opening.result.close();
        done(opening.result);
      };
    });
    const within = (await opened).transaction(store, mode);
    return new Promise((done, failed) => {
      const answer = act(within.objectStore(store));
      within.oncomplete = () => done(answer.result);
      within.onerror = within.onabort = () => failed(within.error);
    });
  }

  const put = (draft) => asked("drafts", "readwrite", (store) => store.put(draft));
  const remove = (id) => asked("drafts", "readwrite", (store) => store.delete(id));

  // The drafts of one person, the oldest first. Whatever is too old is deleted, whoever wrote it.
  async function of(owner) {
    const all = await asked("drafts", "readonly", (store) => store.getAll());
    const old = all.filter((draft) => draft.at < Date.now() - KEPT_DAYS * 86_400_000);
    for (const draft of old) await remove(draft.id);
    return all.filter((draft) => draft.owner === owner && !old.includes(draft)).sort((a, b) => a.at - b.at);
  }

  const setting = (name) => asked("settings", "readonly", (store) => store.get(name));
  const set = (name, value) => asked("settings", "readwrite", (store) => store.put(value, name));
  return { put, remove, of, setting, set };
})();
