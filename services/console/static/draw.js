// Recomputes a draw in the reader's own browser from its public register, by the same rules as `zhucun verify-draw`
// (shared/draws.py; the inspection's README says them byte by byte). What is wrong is named by the keys of FAULTS.
"use strict";

const SEPARATOR = "\u2016";
const BODIES = ["discipline", "inspection"];
const DAY = 24 * 3600 * 1000;

async function sha256(text) {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

const frameHash = (frame) => sha256([...frame].sort().join("\n"));

// The texts by their tickets, the lowest first; of equal tickets the lower text.
async function byTicket(seed, round, texts) {
  const tickets = await Promise.all(texts.map((text) => sha256([seed, round, text].join(SEPARATOR))));
  const pairs = texts.map((text, n) => tickets[n] + text);
  return pairs.sort().map((pair) => pair.slice(64));
}

const draw = async (seed, round, frame, size) => (await byTicket(seed, round, frame)).slice(0, size);

const plus = (day, days) => new Date(Date.parse(day) + days * DAY).toISOString().slice(0, 10);

// The days for which the visits are drawn, by village.
async function dealt(seed, round, villages, first, last, most) {
  const length = Math.max((Date.parse(last) - Date.parse(first)) / DAY + 1, 1);
  const days = Math.min(most, length, villages.length);
  const chosen = [];
  for (let part = 0; part < days; part += 1) {
    const begin = Math.floor((part * length) / days);
    const end = Math.floor(((part + 1) * length) / days);
    const all = Array.from({ length: end - begin }, (_, n) => plus(first, begin + n));
    chosen.push((await byTicket(seed, round, all))[0]);
  }
  return new Map(villages.map((village, n) => [village, chosen[Math.floor((n * days) / villages.length)]]));
}

const sameTexts = (some, others) => JSON.stringify([...some]) === JSON.stringify([...others]);
const sameSets = (some, others) => sameTexts([...some].sort(), [...others].sort());

// What is wrong with a draw that was made, as keys; an empty list if nothing is.
async function faultsOf({ committed, closed, hashes = [] }) {
  const said = Object.fromEntries(hashes.map((one) => [one.body, one.seed_hash]));
  const shares = closed.seeds || {}, replaced = closed.replaced || [], visits = closed.visits || {};
  const strata = closed.strata || {}, fixed = committed.strata || {}, frame = closed.frame || [];
  const seed = BODIES.map((body) => shares[body] || said[body] || committed.frame_hash).join(SEPARATOR);
  const round = closed.campaign;

  const groups = Object.entries(fixed).map(([code, one]) => [strata[code] || [], one.size]);
  const apart = new Set(groups.flatMap(([ids]) => ids));
  const rest = committed.size - groups.reduce((sum, [, size]) => sum + size, 0);
  groups.push([frame.filter((id) => !apart.has(id)), rest]);
  const ofEach = await Promise.all(groups.map(([ids, size]) => draw(seed, round, ids, size)));
  const drawn = await byTicket(seed, round, ofEach.flat());
  const by = replaced.map((one) => one.replacement).filter(Boolean);
  const allDrawn = new Set([...drawn, ...by]);

  const fits = await Promise.all(
    Object.entries(shares).map(async ([body, share]) => (await sha256(share)) === said[body])
  );
  const strataFit = await Promise.all(
    Object.entries(fixed).map(async ([code, one]) => (await frameHash(strata[code] || [])) === one.frame_hash)
  );
  const nextFit = await Promise.all(
    groups.map(async ([ids, size]) => {
      const gone = replaced.filter((one) => ids.includes(one.village));
      const next = (await draw(seed, round, ids, size + gone.length)).slice(size);
      return sameTexts(gone.map((one) => one.replacement).filter(Boolean), next);
    })
  );
  const holds = {
    events: [committed, ...hashes].every((one) => one.campaign === round),
    hashes: Object.keys(said).length === hashes.length,
    frame: (await frameHash(frame)) === committed.frame_hash,
    size: closed.planned === committed.size,
    shares: fits.length > 0 && fits.every(Boolean),
    early: Boolean(closed.drawn_on) && hashes.every((one) => one.on < closed.drawn_on),
    strata: sameSets(Object.keys(strata), Object.keys(fixed)) && strataFit.every(Boolean),
    drawn: sameSets([...drawn, ...by], closed.drawn || []),
    replaced: replaced.every((one) => allDrawn.has(one.village)),
    next: nextFit.every(Boolean),
    days: true,
  };
  if (closed.drawn_on) {
    const first = closed.drawn_on > committed.opens ? closed.drawn_on : committed.opens;
    const days = await dealt(seed, round, drawn, first, committed.closes, committed.visit_days || 1);
    for (const one of replaced) if (one.replacement) days.set(one.replacement, one.on);
    const pairs = (entries) => [...entries].map(([village, on]) => `${village} ${on}`);
    holds.days = sameSets(pairs(days), pairs(Object.entries(visits)));
  }
  return Object.keys(holds).filter((fault) => !holds[fault]);
}

for (const proof of document.querySelectorAll("[data-proof]")) {
  const button = proof.querySelector("button");
  const say = (name) => {
    for (const one of proof.querySelectorAll("[data-said]")) one.hidden = one.dataset.said !== name;
  };
  button.hidden = false;
  button.addEventListener("click", async () => {
    if (!window.crypto || !crypto.subtle) return say("insecure");
    say("");
    try {
      const answer = await fetch(proof.dataset.proof);
      const faults = await faultsOf(await answer.json());
      for (const one of proof.querySelectorAll("[data-fault]")) one.hidden = !faults.includes(one.dataset.fault);
      return say(faults.length ? "fails" : "holds");
    } catch {
      return say("away");
    }
  });
}
