// Keys, and small comforts; every page works without this file.
(() => {
  "use strict";
  const typing = (el) => el.isContentEditable || /^(input|textarea|select)$/i.test(el.tagName);
  const rows = () => [...document.querySelectorAll("[data-rows] a[href], tr[data-row] a[href], a[data-row]")].filter((a) => a.offsetParent);
  const firstOfRow = () => {
    const seen = new Set();
    return rows().filter((a) => {
      const row = a.closest("tr, li, [data-row]") || a;
      return !seen.has(row) && seen.add(row);
    });
  };

  function step(by) {
    const links = firstOfRow();
    if (!links.length) return;
    const at = links.findIndex((a) => (a.closest("tr, li, [data-row]") || a).contains(document.activeElement));
    links[at < 0 ? (by > 0 ? 0 : links.length - 1) : Math.min(Math.max(at + by, 0), links.length - 1)].focus();
  }

  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      const form = event.target.closest("form[data-save]") || document.querySelector("form[data-save]");
      if (form) { event.preventDefault(); form.requestSubmit(form.querySelector("[data-save-button]") || undefined); }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (event.key === "/") {
      const search = document.querySelector("[data-search], input[type=search]");
      if (search) { event.preventDefault(); search.focus(); search.select?.(); }
    } else if (event.key === "j") step(1);
    else if (event.key === "k") step(-1);
    else if (event.key === "?") location.assign(document.querySelector("a[data-help]")?.href || "/help");
  });

  // What this browser remembers of a log-in goes with it, without a signal too.
  document.addEventListener("submit", (event) => {
    if (event.target.getAttribute("action") === "/logout" && "indexedDB" in window) indexedDB.deleteDatabase("kapok-desk");
  });

  // A second click does not send a form twice; back from the next page it can be sent again.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    setTimeout(() => delete form.dataset.sent, 8000);
  });
  addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent));

  // Nothing is asked again while nobody looks, nor under the hands of somebody who works in it.
  document.addEventListener("htmx:before:request", (event) => {
    const el = event.target;
    if (!(el instanceof Element)) return; // what was asked for by a part that has left the page is told to the page itself
    const repeats = (el.getAttribute("hx-trigger") || "").includes("every");
    const busy = el.contains(document.activeElement) && document.activeElement !== document.body && typing(document.activeElement);
    if (repeats && (document.hidden || busy)) event.preventDefault();
  });

  // A table that scrolls in its box can be scrolled with the keyboard.
  const reach = () => document.querySelectorAll("main table").forEach((table) => {
    if (table.scrollWidth > table.clientWidth + 1) table.tabIndex = 0;
    else table.removeAttribute("tabindex");
  });
  addEventListener("resize", reach);
  document.addEventListener("htmx:after:swap", reach);
  reach();

  document.querySelector("[data-errors]")?.focus();
})();
