// What the administrators' pages gain from JavaScript besides rekey.js and htmx. Without it everything works.
"use strict";
{
  const body = document.body;
  const news = document.querySelector("[data-news]");
  const say = (text) => { if (news) news.textContent = text ?? ""; };
  const typing = (e) => e.target.closest("input, select, textarea, [contenteditable]");

  // Keys: "/" searches, j and k walk the rows of a list.
  const walk = (step) => {
    const rows = [...document.querySelectorAll("[data-rows] tbody tr")].filter((row) => row.querySelector("a"));
    const at = rows.findIndex((row) => row.contains(document.activeElement));
    const next = rows[at < 0 ? (step > 0 ? 0 : rows.length - 1) : at + step];
    next?.querySelector("a").focus();
  };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event) || document.querySelector("dialog[open]")) return;
    const act = { "/": () => document.querySelector("[data-find]")?.select(), j: () => walk(1), k: () => walk(-1) }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });

  // A menu that lies over the page goes away when something else is touched, and with Escape.
  const popups = "details[data-popup][open], details.menu[open]";
  addEventListener("click", (event) => {
    for (const open of document.querySelectorAll(popups)) if (!open.contains(event.target)) open.open = false;
  });
  addEventListener("keydown", (event) => {
    const open = event.key === "Escape" && event.target.closest?.(popups);
    if (!open) return;
    open.open = false;
    open.querySelector("summary").focus();
  });

  // Filters: what is empty is not part of the address.
  addEventListener("formdata", (event) => {
    if (!event.target.matches("[data-filter]")) return;
    for (const [name, value] of [...event.formData]) if (value === "") event.formData.delete(name);
  });

  // A form with changes that are not saved is not left by accident.
  const dirty = (form) => form && (form.dataset.dirty = "");
  addEventListener("input", (event) => dirty(event.target.closest("form[data-guard]")));
  let leaving = false;
  addEventListener("submit", () => (leaving = true));
  addEventListener("pageshow", () => (leaving = false));
  addEventListener("beforeunload", (event) => {
    if (!leaving && document.querySelector("form[data-guard][data-dirty]")) event.preventDefault();
  });
}
