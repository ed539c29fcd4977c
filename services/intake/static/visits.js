// A visit without a signal: sealed on this telephone with the moment it was saved, and sent in order when there is a signal. The
// form works without this file. What is kept goes as soon as it has been taken; what is refused stays until it is mended.
import { Full, forget, here, keep, knows, newRef, opened, remember, sealOld, unlocked, waiting } from "./keeping.js";

const form = document.querySelector("form[data-visit]");
const said = document.getElementById("visit-said"), list = document.getElementById("visit-waiting"), whose = document.getElementById("visit-whose");
const words = form.dataset, empty = "empty" in words;
const PICTURE_MAX = 1600, PICTURE_BYTES = 350_000, SECONDS = 20;
const DRAFT = { n: undefined, happenedAt: "", photo: null };
let me = null, mending = { ...DRAFT }, touched = false;

const say = (sentence) => { said.textContent = sentence; said.hidden = !sentence; };

// A photograph of a telephone has ten times the bytes that a page needs.
async function smaller(file) {
  if (!file.type.startsWith("image/") || file.size <= PICTURE_BYTES) return file;
  try {
    const picture = await createImageBitmap(file);
    const scale = Math.min(1, PICTURE_MAX / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(picture.width * scale);
    canvas.height = Math.round(picture.height * scale);
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    const made = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.8));
    return made ? new File([made], "paper.jpg", { type: "image/jpeg" }) : file;
  } catch { return file; }
}

// The visit as it is on the form at this moment, and the photograph chosen now.
function written() {
  const sent = [...new FormData(form)].filter(([name]) => name !== "happened_at" && name !== "form_token");
  const chosen = form.elements.case, file = form.elements.photo.files[0];
  return [{
    ref: form.elements.ref.value, fields: sent.filter(([, value]) => typeof value === "string"), photo: mending.photo,
    happenedAt: mending.happenedAt || new Date().toISOString(), title: chosen.options[chosen.selectedIndex]?.text ?? "", problem: "",
  }, file];
}

// Who is logged in now, with what opens what waits for them: their words, "out" (nobody), or "away" (no signal, or the service is down).
async function asked() {
  let answer;
  try {
    answer = await fetch("/intake/visits/key", { redirect: "manual", cache: "no-store", signal: AbortSignal.timeout(SECONDS * 1000) });
    if (answer.ok) return await answer.json();
  } catch { return "away"; }
  return answer.status >= 500 || answer.status === 429 ? "away" : "out";
}

async function enter() {
  const told = await asked();
  if (told === "out") me = null;
  if (typeof told === "string") return told;
  const value = Uint8Array.from(atob(told.key), (character) => character.charCodeAt(0));
  me = { who: told.who, token: told.token, ...(await unlocked(told.who, value)) };
  await sealOld(told.who, told.name);
  if (!empty) await remember(told.who, told.name, [...form.elements.case.options].map((one) => [one.value, one.text]));
  return "in";
}

// "sent", "away", "out" or the sentence that says why it was not taken.
async function send(one) {
  const body = new FormData();
  body.append("form_token", me.token);
  body.append("happened_at", one.happenedAt);
  for (const [name, value] of one.fields) body.append(name, value);
  if (one.photo) body.append("photo", one.photo);
  let answer;
  try {
    const how = { method: "POST", body, headers: { Accept: "application/json" }, redirect: "manual", signal: AbortSignal.timeout(SECONDS * 1000) };
    answer = await fetch("/intake/visits", how);
  } catch { return "away"; }
  if (answer.ok) return "sent";
  if (answer.status >= 500 || answer.status === 429 || answer.status === 408) return "away";
  if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) return "out";
  try { const told = await answer.json(); return told.sentence || told.title || String(answer.status); } catch { return String(answer.status); }
}

// All of them where nobody is known to have logged in: whose they are is not told then.
async function mine() {
  const who = me?.who ?? (await here())?.who;
  return (await waiting()).filter((record) => !who || record.who === who);
}

// One window sends at a time, in the order in which they were kept; what was refused waits to be mended and holds up no other.
const sendAll = () => navigator.locks.request("kapok-visits", async () => {
  const state = await enter();
  if (state === "out" && (await waiting()).length) say(words.logIn);
  for (const record of state === "in" ? await mine() : []) {
    const one = record.refused ? null : await opened(record, me);
    if (!one) continue;
    const outcome = await send(one);
    if (outcome === "out") { me = null; say(words.logIn); }
    if (outcome === "out" || outcome === "away") break;
    if (outcome === "sent") { await forget(record.n); say(words.sentWord); }
    else await keep(record.who, { ...one, problem: outcome }, { n: record.n, refused: true });
  }
  await show();
});

function button(label, act) {
  const made = document.createElement("button");
  Object.assign(made, { type: "button", className: "secondary", textContent: label });
  made.addEventListener("click", act);
  return made;
}

async function row(record) {
  const made = document.createElement("li"), one = await opened(record, me);
  made.textContent = one ? `${one.title} ${one.problem ? `· ${words.refused} ${one.problem} ` : ""}` : `${words.lost} `;
  if (one?.problem) made.append(button(words.mend, () => (touched || words.busy ? say(words.saveFirst) : mend(record, one))));
  if (!one || one.problem) made.append(button(words.giveUp, async () => { await forget(record.n); await show(); }));
  return made;
}

async function show() {
  const all = await waiting(), own = await mine(), known = await here();
  list.hidden = !all.length;
  list.querySelector("[data-count]").textContent = String(own.length);
  list.querySelector("[data-sealed]").hidden = Boolean(me) || !all.length;
  list.querySelector("[data-others]").hidden = all.length === own.length;
  list.querySelector("[data-others-count]").textContent = String(all.length - own.length);
  list.querySelector("[data-list]").replaceChildren(...(me ? await Promise.all(own.map(row)) : []));
  whose.hidden = !known;
  whose.querySelector("[data-name]").textContent = known?.name ?? "";
  if (empty) choose(known);
}

// Without a signal the page brings no cases: those of the last look, as long as somebody is logged in here.
function choose(known) {
  const chosen = form.elements.case, before = chosen.value;
  chosen.replaceChildren(...(known?.cases ?? []).map(([value, label]) => new Option(label, value)));
  if (before) chosen.value = before;
  form.querySelector("[data-save-button]").disabled = !known;
  if (!known) say(words.nobody);
}

function emptied() {
  form.reset();
  touched = false;
}

function mend(record, one) {
  const told = Object.fromEntries(one.fields);
  emptied();
  if (![...form.elements.case.options].some((option) => option.value === told.case)) form.elements.case.append(new Option(one.title, told.case));
  for (const name of ["case", "ref", "note", "income_yuan", "household_size", "outcome"]) if (name in told) form.elements[name].value = told[name];
  form.elements.verified.checked = "verified" in told;
  mending = { n: record.n, happenedAt: one.happenedAt, photo: one.photo };
  say(`${words.refused} ${one.problem} ${words.mending}`);
  form.elements.note.focus();
}

// Kept before it is sent: nothing is lost when the signal, the battery or the service goes in between. Answers its place in the order.
// The fields are closed from the click until the form is empty: what is typed meanwhile would go with the reset.
async function save() {
  const [one, photo] = written(), place = mending.n, at = document.activeElement, open = [...form.elements].filter((field) => !field.disabled);
  let n;
  for (const field of open) field.disabled = true;
  try {
    const who = words.who || (await here())?.who;
    if (!who) { say(words.nobody); return null; }
    if (!(await knows(who))) await entered;
    n = await keep(who, { ...one, photo: photo ? await smaller(photo) : one.photo }, { n: place });
    emptied();
    form.elements.ref.value = newRef();
    mending = { ...DRAFT };
  } finally {
    for (const field of open) field.disabled = false;
    at?.focus();
  }
  say(`${words.kept} ${(await mine()).length}`);
  await show();
  return n;
}

async function saved(n) {
  await sendAll();
  const record = (await waiting()).find((one) => one.n === n);
  if (!record) say(words.saved);
  else if (record.refused) {
    const one = await opened(record, me);
    if (one && !touched) mend(record, one);
  }
}

const troubled = (fault) => say(fault instanceof Full ? words.full : words.failed);
form.addEventListener("input", () => { touched = true; });
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (words.busy) return;
  words.busy = "yes";
  let n = null;
  try { n = await save(); } catch (fault) { troubled(fault); } finally { delete words.busy; }
  if (n !== null) await saved(n).catch(troubled);
});
document.getElementById("visit-about").hidden = false;
if (!form.elements.ref.value) form.elements.ref.value = newRef();
addEventListener("online", sendAll);
list.querySelector("[data-send]").addEventListener("click", sendAll);
const entered = sendAll().catch(() => say(words.failed));

if ("serviceWorker" in navigator) {
  navigator.serviceWorker.register("/intake/visits/worker.js", { scope: "/intake/visits" }).catch(() => {});
  navigator.serviceWorker.ready.then((worker) => worker.active.postMessage({ language: words.language }));
}
