// The public chain checked in the visitor's own browser: every entry, hash by hash, the tree over them, the head's signature, and
// the head that this browser kept the last time. Without this file the page tells how to use the verifier instead.
const button = document.getElementById("check-start"), bar = document.getElementById("check-bar");
const said = document.getElementById("check-said"), list = document.getElementById("check-faults");
const words = document.getElementById("check").dataset;
const HERE = "/disbursement/v1/public", PAGE = 500, FAULTS_MAX = 20, KEPT = "kapok-public-head";
const HASHED = ["amount_fen", "district", "entry_id", "fund_id", "kind", "month", "position", "programme", "units"];
const MORE = ["corrects", "reason"]; // under the hash of an entry that says why it was made
const utf8 = new TextEncoder(), GENESIS = "0".repeat(64);

const hex = (bytes) => Array.from(bytes, (one) => one.toString(16).padStart(2, "0")).join("");
const unhex = (text) => Uint8Array.from(text.match(/../g) ?? [], (two) => parseInt(two, 16));
const sha = async (...parts) => new Uint8Array(await crypto.subtle.digest("SHA-256", await new Blob(parts).arrayBuffer()));
const fill = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const compact = (from, names) => utf8.encode(JSON.stringify(Object.fromEntries(names.map((name) => [name, from[name]]))));
const pause = (seconds) => new Promise((done) => { setTimeout(done, seconds * 1000); });

// The door asks whoever comes too fast to come again.
async function asked(path) {
  for (let times = 0; times < 30; times += 1) {
    const answer = await fetch(path);
    if (answer.ok) return answer.json();
    if (answer.status !== 429 && answer.status !== 503) throw new Error(`${path}: ${answer.status}`);
    await pause(Number(answer.headers.get("Retry-After")) || 1);
  }
  throw new Error(path);
}

async function downloaded(size) {
  const found = [];
  let cursor = "";
  do {
    const page = await asked(`${HERE}/entries?limit=${PAGE}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
    found.push(...page.items.filter((one) => one.position <= size));
    cursor = page.next;
    bar.value = found.length / Math.max(size, 1) / 2;
    said.textContent = fill(words.reading, { count: found.length, size });
  } while (cursor);
  return found.reverse();
}

// RFC 9162: the roots of the first `sizes` leaves, from the complete subtrees at the right edge.
async function rootsOf(hashes, sizes) {
  const edge = [], found = new Map(), wanted = new Set(sizes);
  const root = async () => {
    if (!edge.length) return hex(await sha());
    let node = edge.at(-1);
    for (let at = edge.length - 2; at >= 0; at -= 1) node = await sha(Uint8Array.of(1), edge[at], node);
    return hex(node);
  };
  if (wanted.has(0)) found.set(0, await root());
  for (let at = 0; at < hashes.length; at += 1) {
    let node = await sha(Uint8Array.of(0), unhex(hashes[at]));
    for (let size = at; size % 2 === 1; size = (size - 1) / 2) node = await sha(Uint8Array.of(1), edge.pop(), node);
    edge.push(node);
    if (wanted.has(at + 1)) found.set(at + 1, await root());
    if (at % 200 === 0) bar.value = 0.75 + at / hashes.length / 4;
  }
  return found;
}

const namesOf = (one) => (one.reason ? [...HASHED, ...MORE].sort() : HASHED);

async function faultsOfChain(entries) {
  const faults = [], numbers = new Set();
  for (let from = 0; from < entries.length; from += PAGE) {
    const some = entries.slice(from, from + PAGE);
    const hashes = await Promise.all(some.map((one) => sha(unhex(one.previous), compact(one, namesOf(one))).then(hex)));
    some.forEach((one, nth) => {
      const at = from + nth + 1, before = at === 1 ? GENESIS : entries[at - 2].hash;
      const corrects = one.kind === "correction";
      const exact = [one.amount_fen, one.units].every((n) => Number.isSafeInteger(n) && (n >= 0 || corrects));
      numbers.add(one.entry_id);
      if (one.position !== at) faults.push(fill(words.moved, { at, position: one.position }));
      else if (one.previous !== before) faults.push(fill(words.unlinked, { at }));
      else if (!one.withheld && (!exact || hashes[nth] !== one.hash)) faults.push(fill(words.changed, { at }));
      else if (corrects && !(one.reason && (numbers.has(one.corrects) || numbers.has("")))) faults.push(fill(words.baseless, { at }));
    });
    bar.value = 0.5 + (from + some.length) / entries.length / 4;
    said.textContent = fill(words.hashing, { count: from + some.length, size: entries.length });
  }
  return faults;
}

// True and false are found; undefined says that this browser knows no Ed25519.
async function signedBy(keys, head) {
  const text = compact(head, ["hash", "root", "size"]);
  try {
    for (const jwk of keys) {
      const key = await crypto.subtle.importKey("jwk", { kty: jwk.kty, crv: jwk.crv, x: jwk.x }, { name: "Ed25519" }, false, ["verify"]);
      if (await crypto.subtle.verify("Ed25519", key, unhex(head.signature), text)) return true;
    }
    return false;
  } catch (fault) {
    if (fault.name === "NotSupportedError") return undefined;
    throw fault;
  }
}

function keptHead() {
  try { return JSON.parse(localStorage.getItem(KEPT)); } catch { return null; }
}

async function check() {
  const head = (await asked(`${HERE}/heads?limit=1`)).items[0], { keys } = await asked("/auth/jwks.json");
  const entries = await downloaded(head.size), kept = keptHead();
  const faults = await faultsOfChain(entries);
  if (entries.length < head.size) faults.push(fill(words.cut, { size: head.size, count: entries.length }));
  const roots = await rootsOf(entries.map((one) => one.hash), [head.size, kept?.size ?? head.size]);
  if (roots.get(head.size) !== head.root || (entries.at(-1)?.hash ?? GENESIS) !== head.hash) faults.push(words.root);
  const signed = await signedBy(keys, head);
  if (signed === false) faults.push(words.forged);
  if (kept && roots.get(kept.size) !== kept.root) faults.push(fill(words.rolled, { size: kept.size }));
  bar.value = 1;
  list.replaceChildren(...faults.slice(0, FAULTS_MAX).map((sentence) => {
    const line = document.createElement("li");
    line.textContent = sentence;
    return line;
  }));
  list.hidden = faults.length === 0;
  if (faults.length) {
    said.textContent = fill(words.broken, { count: faults.length });
    return;
  }
  localStorage.setItem(KEPT, JSON.stringify({ size: head.size, root: head.root }));
  const since = kept ? ` ${fill(words.since, { size: kept.size })}` : "";
  said.textContent = fill(words.holds, { size: head.size }) + since + (signed === undefined ? ` ${words.unsigned}` : "");
}

button.parentElement.hidden = false;
button.addEventListener("click", async () => {
  button.disabled = true;
  bar.hidden = false;
  list.hidden = true;
  bar.value = 0;
  try {
    if (!globalThis.crypto?.subtle) throw new Error(words.insecure);
    await check();
  } catch (fault) {
    said.textContent = fill(words.failed, { why: fault.message });
  }
  button.disabled = false;
});
