// What the administrators' pages gain from JavaScript besides rekey.js and htmx. Without it everything works.
"use strict";
{
  const body = document.body;
  const news = document.querySelector("[data-news]");
  const say = (text, failed) => {
    news.className = failed ? "toast" : "hidden";
    news.textContent = text ?? "";
  };
  const typing = (e) => e.target.closest("input, select, textarea, [contenteditable]");

  // Times are written in the zone of this browser from the next page on.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone) document.cookie = `zone=${zone}; Path=/admin; Max-Age=31536000; SameSite=Lax`;

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
  addEventListener("input", ({ target }) => target.closest("form[data-guard]")?.setAttribute("data-dirty", ""));
  let leaving = false;
  addEventListener("submit", (event) => (leaving = !event.defaultPrevented));
  addEventListener("pageshow", () => (leaving = false));
  addEventListener("beforeunload", (event) => {
    if (!leaving && document.querySelector("form[data-guard][data-dirty]")) event.preventDefault();
  });

  // What the script changed in a form counts as if it had been typed.
  const changed = (element) => {
    element.dispatchEvent(new Event("input", { bubbles: true }));
    element.dispatchEvent(new Event("change", { bubbles: true }));
  };

  // Lists in order: the buttons move a row at once, and so does dragging it by its handle.
  const settle = (list) => {
    const rows = [...list.children];
    rows.forEach((row, i) => {
      row.querySelector("[data-verb=up]").disabled = i === 0;
      row.querySelector("[data-verb=down]").disabled = i === rows.length - 1;
    });
    changed(list);
  };
  const place = (row) => `${[...row.parentNode.children].indexOf(row) + 1} of ${row.parentNode.children.length}`;
  const move = (button) => {
    const row = button.closest("[data-row]");
    const up = button.dataset.verb === "up";
    if (up) row.previousElementSibling?.before(row);
    else row.nextElementSibling?.after(row);
    settle(row.parentNode);
    (button.disabled ? row.querySelector(`[data-verb=${up ? "down" : "up"}]`) : button).focus();
    say("Now " + place(row));
  };
  const reveal = () => document.querySelectorAll("[data-handle]").forEach((e) => (e.hidden = false));
  addEventListener("pointerdown", (event) => {
    const handle = event.target.closest("[data-handle]");
    if (!handle || event.button !== 0) return;
    event.preventDefault();
    const row = handle.closest("[data-row]");
    const list = row.parentNode;
    const before = place(row);
    row.classList.add("held");
    const drag = ({ clientY }) => {
      const over = [...list.children].find((other) => {
        const box = other.getBoundingClientRect();
        return other !== row && clientY > box.top && clientY < box.bottom;
      });
      if (!over) return;
      const box = over.getBoundingClientRect();
      if (clientY < box.top + box.height / 2) over.before(row);
      else over.after(row);
    };
    const drop = () => {
      removeEventListener("pointermove", drag);
      row.classList.remove("held");
      if (place(row) === before) return;
      settle(list);
      say("Now " + place(row));
    };
    addEventListener("pointermove", drag);
    addEventListener("pointerup", drop, { once: true });
    addEventListener("pointercancel", drop, { once: true });
  });

  // Pickers: what is chosen is put into the form at once.
  const query = (inside) => inside.closest("[data-picker]").querySelector("[data-query]");
  const clear = (picker) => {
    picker.querySelector("[data-query]").value = "";
    picker.querySelector("[data-found]").replaceChildren();
  };
  const pick = (button) => {
    const picker = button.closest("[data-picker]");
    const { pick: value, label, below } = button.dataset;
    const chosen = picker.querySelector("[data-chosen]");
    const same = [...chosen.querySelectorAll("input")].some((input) => input.value === value);
    if ("one" in picker.dataset) chosen.replaceChildren();
    if (!same || "one" in picker.dataset) {
      const choice = picker.querySelector("template").content.firstElementChild.cloneNode(true);
      choice.querySelector("input").value = value;
      choice.querySelector("[data-label]").textContent = label;
      choice.querySelector("[data-below]").textContent = below;
      const remove = choice.querySelector("[data-unpick]");
      remove.setAttribute("aria-label", "Remove " + label);
      remove.value += value;
      chosen.append(choice);
    }
    clear(picker);
    query(picker).focus();
    changed(chosen);
    say(label + " added");
  };
  const unpick = (button) => {
    const chosen = button.closest("[data-chosen]");
    query(button).focus();
    button.closest("[data-choice]").remove();
    changed(chosen);
    say("Removed");
  };
  addEventListener("keydown", (event) => {
    const picker = event.target.closest?.("[data-picker]");
    if (!picker) return;
    const stops = [query(picker), ...picker.querySelectorAll("[data-pick]")];
    const at = stops.indexOf(document.activeElement);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Enter: at === 0 ? 1 : -1, Escape: 0 }[event.key];
    if (at < 0 || next === undefined || (event.key === "Enter" && at > 0)) return;
    event.preventDefault();
    if (event.key === "Escape") clear(picker);
    stops[next]?.focus();
  });

  // Before htmx and the browser: these buttons would send the form.
  addEventListener("click", (event) => {
    const button = event.target.closest("[data-verb=up], [data-verb=down], [data-pick], [data-unpick]");
    if (!button) return;
    event.preventDefault();
    event.stopPropagation();
    if ("pick" in button.dataset) pick(button);
    else if ("unpick" in button.dataset) unpick(button);
    else move(button);
  }, { capture: true });

  // htmx. An answer from another address means that something else is due first, like signing in: go there.
  body.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, pathInfo } = event.detail;
    const at = (url) => new URL(url, location.href).pathname;
    if (!xhr.responseURL || at(xhr.responseURL) === at(pathInfo.requestPath)) return;
    event.detail.shouldSwap = false;
    location.assign(xhr.responseURL);
  });
  body.addEventListener("htmx:afterSettle", ({ target }) => {
    reveal();
    say(target.querySelector("[data-result]")?.textContent);
  });
  for (const failure of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    body.addEventListener(failure, () => say("This could not be loaded. Try again.", true));
  }

  // A macro's button puts it where the writer is, or was last.
  let writing;
  addEventListener("focusin", ({ target }) => {
    if (target.closest("[data-writes]") && target.setRangeText) writing = target;
  });
  addEventListener("click", (event) => {
    const button = event.target.closest("[data-insert]");
    const field = writing?.isConnected ? writing : document.querySelector("[data-writes] textarea");
    if (!button || !field) return;
    event.preventDefault();
    field.setRangeText(button.dataset.insert, field.selectionStart, field.selectionEnd, "end");
    field.focus();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
  reveal();
}
