// What waits on this telephone, sealed: whoever is at the form may add to it, and only who wrote it opens it, while logged in.
// Each person has a pair of keys here. The open half seals; the other half is kept wrapped by a value that the service tells
// after a log-in, and is never taken out of the browser. The list of cases to choose from goes with the log-in.
const BYTES_MAX = 30_000_000, VISITS_MAX = 200, HERE_HOURS = 12;
const CURVE = { name: "ECDH", namedCurve: "P-256" };
const text = new TextEncoder(), read = new TextDecoder();
const random = (bytes) => crypto.getRandomValues(new Uint8Array(bytes));

export class Full extends Error {}
export const newRef = () => [...random(16)].map((byte) => byte.toString(16).padStart(2, "0")).join("");

function database(name, version, make) {
  return new Promise((resolve, reject) => {
    const ask = indexedDB.open(name, version);
    ask.onupgradeneeded = () => make(ask.result);
    ask.onsuccess = () => { ask.result.onversionchange = () => ask.result.close(); resolve(ask.result); };
    ask.onerror = () => reject(ask.error);
  });
}
const visits = database("kapok-visits", 2, (made) => {
  if (!made.objectStoreNames.contains("visits")) made.createObjectStore("visits", { keyPath: "ref" }); // an earlier page kept them open here
  made.createObjectStore("sealed", { keyPath: "n", autoIncrement: true });
  made.createObjectStore("keys", { keyPath: "who" });
});
async function within(opened, name, mode, act) {
  const work = (await opened).transaction(name, mode);
  return new Promise((resolve, reject) => {
    const asked = act(work.objectStore(name));
    work.oncomplete = () => resolve(asked.result);
    work.onerror = work.onabort = () => reject(work.error);
  });
}
const inVisits = (name, mode, act) => within(visits, name, mode, act);

// Of every record the open part: in which order, whose, how large, whether it was refused.
export const waiting = async () => (await inVisits("sealed", "readonly", (all) => all.getAll())).sort((a, b) => a.n - b.n);
export const forget = (n) => inVisits("sealed", "readwrite", (all) => all.delete(n));

export const knows = async (who) => Boolean(await inVisits("keys", "readonly", (keys) => keys.get(who)));

// The private key of this person, which cannot be taken out; made at their first log-in here.
export async function unlocked(who, value) {
  const wrapping = await crypto.subtle.importKey("raw", value, "AES-GCM", false, ["wrapKey", "unwrapKey"]);
  const kept = await inVisits("keys", "readonly", (keys) => keys.get(who));
  if (kept) {
    try {
      const how = { name: "AES-GCM", iv: kept.iv };
      return { id: kept.id, key: await crypto.subtle.unwrapKey("pkcs8", kept.wrapped, wrapping, how, CURVE, false, ["deriveBits"]) };
    } catch { /* the service has a new key: what was sealed before stays sealed, and is shown as lost */ }
  }
  const pair = await crypto.subtle.generateKey(CURVE, true, ["deriveBits"]), iv = random(12);
  const wrapped = await crypto.subtle.wrapKey("pkcs8", pair.privateKey, wrapping, { name: "AES-GCM", iv });
  const open = await crypto.subtle.exportKey("raw", pair.publicKey);
  await inVisits("keys", "readwrite", (keys) => keys.put({ who, id: newRef(), open, iv, wrapped }));
  return unlocked(who, value);
}

async function common(mine, theirs) {
  const bits = await crypto.subtle.deriveBits({ name: "ECDH", public: theirs }, mine, 256);
  const secret = await crypto.subtle.importKey("raw", bits, "HKDF", false, ["deriveKey"]);
  const how = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: text.encode("kapok visit") };
  return crypto.subtle.deriveKey(how, secret, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}
const theirs = (raw) => crypto.subtle.importKey("raw", raw, CURVE, false, []);
const bound = (iv, who, ref) => ({ name: "AES-GCM", iv, additionalData: text.encode(`${who} ${ref}`) });

// One visit as bytes: its length, its words, its photograph.
async function packed({ photo, ...words }) {
  const told = text.encode(JSON.stringify({ ...words, photo: photo && { name: photo.name, type: photo.type } }));
  return new Blob([new Uint32Array([told.length]), told, ...(photo ? [photo] : [])]).arrayBuffer();
}
function unpacked(bytes) {
  const end = 4 + new DataView(bytes).getUint32(0, true);
  const one = JSON.parse(read.decode(bytes.slice(4, end)));
  return { ...one, photo: one.photo && new File([bytes.slice(end)], one.photo.name, { type: one.photo.type }) };
}

// Kept for this person under its place in the order (a new one when there is none yet); raises `Full`.
export async function keep(who, one, { n, refused = false } = {}) {
  const key = await inVisits("keys", "readonly", (keys) => keys.get(who));
  const plain = await packed(one), iv = random(12);
  const others = (await waiting()).filter((record) => record.n !== n);
  if (others.length >= VISITS_MAX || others.reduce((sum, record) => sum + record.size, plain.byteLength) > BYTES_MAX) throw new Full();
  const once = await crypto.subtle.generateKey(CURVE, false, ["deriveBits"]);
  const sealed = await crypto.subtle.encrypt(bound(iv, who, one.ref), await common(once.privateKey, await theirs(key.open)), plain);
  const record = { ref: one.ref, who, key: key.id, refused, size: plain.byteLength, iv, once: await crypto.subtle.exportKey("raw", once.publicKey), sealed };
  return inVisits("sealed", "readwrite", (all) => all.put(n === undefined ? record : { ...record, n }));
}

// What a record says; null when this key does not open it.
export async function opened(record, me) {
  try {
    const key = await common(me.key, await theirs(record.once));
    return unpacked(await crypto.subtle.decrypt(bound(record.iv, record.who, record.ref), key, record.sealed));
  } catch { return null; }
}

// What an earlier page kept unsealed for this person is sealed, and then gone.
export async function sealOld(who, name) {
  for (const one of await inVisits("visits", "readonly", (old) => old.getAll())) {
    if (one.who !== name) continue;
    const words = one.fields.filter(([, value]) => typeof value === "string"), photo = one.fields.find(([field]) => field === "photo")?.[1];
    await keep(who, { ref: one.ref, fields: words, photo, happenedAt: one.happenedAt, title: one.title, problem: "" });
    await inVisits("visits", "readwrite", (old) => old.delete(one.ref));
  }
}

// Who is logged in here and which cases they may choose; in a database of its own that the log-out deletes.
async function inDesk(mode, act) {
  const desk = await database("kapok-desk", 1, (made) => made.createObjectStore("here"));
  try { return await within(desk, "here", mode, act); } finally { desk.close(); }
}
export async function remember(who, name, cases) {
  const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]), iv = random(12);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, text.encode(JSON.stringify(cases)));
  await inDesk("readwrite", (here) => here.put({ who, name, key, iv, sealed, until: Date.now() + HERE_HOURS * 3600_000 }, "here"));
}
export async function here() {
  const known = await inDesk("readonly", (kept) => kept.get("here"));
  if (!known) return null;
  if (known.until < Date.now()) { await leave(); return null; }
  const cases = await crypto.subtle.decrypt({ name: "AES-GCM", iv: known.iv }, known.key, known.sealed);
  return { who: known.who, name: known.name, cases: JSON.parse(read.decode(cases)) };
}
const leave = () => new Promise((resolve) => {
  const ask = indexedDB.deleteDatabase("kapok-desk");
  ask.onsuccess = ask.onerror = ask.onblocked = () => resolve();
});
