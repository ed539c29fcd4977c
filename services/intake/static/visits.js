// A visit without a signal: kept on this telephone with the moment it was saved, and sent when there is a signal. The form works
// without this file. What is kept goes as soon as it has been taken, and only the person who wrote it can send it.
(() => {
  "use strict";
  const form = document.querySelector("form[data-visit]");
  if (!form || !("indexedDB" in window)) return;
  const said = document.getElementById("visit-said");
  const waiting = document.getElementById("visit-waiting");
  const words = form.dataset;
  const PICTURE_MAX = 1600, BYTES_MAX = 700000, SECONDS = 20;

  const opened = new Promise((resolve, reject) => {
    const ask = indexedDB.open("kapok-visits", 1);
    ask.onupgradeneeded = () => ask.result.createObjectStore("visits", { keyPath: "ref" });
    ask.onsuccess = () => resolve(ask.result);
    ask.onerror = () => reject(ask.error);
  });
  const store = async (mode, act) => {
    const database = await opened;
    return new Promise((resolve, reject) => {
      const work = database.transaction("visits", mode);
      const asked = act(work.objectStore("visits"));
      work.oncomplete = () => resolve(asked.result);
      work.onerror = work.onabort = () => reject(work.error);
    });
  };
  const kept = async () => (await store("readonly", (visits) => visits.getAll())).filter((one) => one.who === words.who)
    .sort((a, b) => (a.happenedAt < b.happenedAt ? -1 : 1));
  const keep = (one) => store("readwrite", (visits) => visits.put(one));
  const forget = (ref) => store("readwrite", (visits) => visits.delete(ref));

  const say = (text) => { said.textContent = text; said.hidden = !text; };
  const newRef = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

  // A photograph of a telephone has ten times the bytes that a page needs.
  async function smaller(file) {
    if (!file.type.startsWith("image/") || file.size <= BYTES_MAX / 2) return file;
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

  async function written() {
    const fields = [];
    for (const [name, value] of new FormData(form)) {
      if (typeof value === "string") { if (name !== "happened_at" && name !== "form_token") fields.push([name, value]); }
      else if (value.size) fields.push([name, await smaller(value)]);
    }
    const chosen = form.elements.case;
    return {
      ref: form.elements.ref.value, who: words.who, fields, happenedAt: new Date().toISOString(),
      title: chosen.options[chosen.selectedIndex].text, problem: "",
    };
  }

  // "sent", "away" (no signal, or the service is down) or the sentence that says why it was not taken.
  async function send(one) {
    const body = new FormData();
    body.append("form_token", form.elements.form_token.value);
    body.append("happened_at", one.happenedAt);
    for (const [name, value] of one.fields) body.append(name, value);
    let answer;
    try {
      answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" }, signal: AbortSignal.timeout(SECONDS * 1000) });
    } catch { return "away"; }
    if (answer.ok) return "sent";
    if (answer.status >= 500 || answer.status === 429 || answer.status === 408) return "away";
    if (answer.status === 401 || answer.status === 403) return words.logIn;
    try { const told = await answer.json(); return told.sentence || told.title || String(answer.status); } catch { return String(answer.status); }
  }

  let sending = false;
  async function sendAll() {
    if (sending) return;
    sending = true;
    try {
      for (const one of await kept()) {
        const outcome = await send(one);
        if (outcome === "away") break;
        if (outcome === "sent") { await forget(one.ref); say(words.sentWord); }
        else { one.problem = outcome; await keep(one); }
      }
    } finally { sending = false; }
    await show();
  }

  async function show() {
    const all = await kept();
    waiting.hidden = !all.length;
    waiting.querySelector("[data-count]").textContent = String(all.length);
    const list = waiting.querySelector("[data-list]");
    list.replaceChildren(...all.map((one) => {
      const row = document.createElement("li");
      row.textContent = one.problem ? `${one.title} · ${words.refused} ${one.problem} ` : one.title;
      if (one.problem) {
        const button = document.createElement("button");
        button.type = "button";
        button.className = "secondary";
        button.textContent = words.giveUp;
        button.addEventListener("click", async () => { await forget(one.ref); await show(); });
        row.append(button);
      }
      return row;
    }));
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.dataset.busy) return;
    form.dataset.busy = "yes";
    try {
      const one = await written();
      // Kept before it is sent: nothing is lost when the signal, the battery or the service goes in between.
      await keep(one);
      const outcome = await send(one);
      if (outcome === "sent") { await forget(one.ref); say(words.saved); }
      else if (outcome === "away") say(`${words.kept} ${(await kept()).length}`);
      else { one.problem = outcome; await keep(one); say(`${words.refused} ${outcome}`); }
      if (outcome === "sent" || outcome === "away") { form.reset(); form.elements.ref.value = newRef(); }
      else await forget(one.ref);
    } catch { say(words.failed); }
    finally { delete form.dataset.busy; }
    await show();
  });
  addEventListener("online", sendAll);
  waiting.querySelector("[data-send]").addEventListener("click", sendAll);
  show().then(sendAll).catch(() => say(words.failed));
})();
