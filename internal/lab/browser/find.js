(() => {
  const tidy = (s) => (s ?? "").replace(/\s+/g, " ").trim();
  const bare = (s) => tidy(s).replace(/[\u2066-\u2069]/g, "");
  const shown = (e) => e.checkVisibility({ visibilityProperty: true }) && e.getClientRects().length > 0;
  const named = (e) => bare(e.getAttribute("aria-label") || e.textContent);

  // one picks what matches best: the whole text, else its beginning. Two of the same rank are one too many.
  const one = (all, text, nameOf) => {
    for (const fits of [(n) => n === text, (n) => n.startsWith(text)]) {
      const found = all.filter((e) => fits(nameOf(e)));
      if (found.length > 1) return { problem: `${found.length} things are called "${text}"`, lasting: true };
      if (found.length === 1) return { element: found[0] };
    }
    return { problem: `there is nothing called "${text}"` };
  };

  const open = document.querySelector("dialog[open]") ?? document;

  // where gives the middle of an element, once it is really what a finger there would touch.
  const where = (found) => {
    if (!found.element) return found;
    const e = found.element;
    // Chromium drops what is pressed before the first paint of a page.
    if (performance.getEntriesByType("paint").length === 0) return { problem: "the page is not painted yet" };
    if (e.disabled) return { problem: `"${named(e)}" is disabled` };
    e.scrollIntoView({ block: "center", behavior: "instant" });
    const box = e.getClientRects()[0];
    const x = box.x + box.width / 2, y = box.y + box.height / 2;
    const top = document.elementFromPoint(x, y);
    if (!top || !(e.contains(top) || top.contains(e))) return { problem: `"${named(e)}" is covered by ${top?.outerHTML.slice(0, 80)}` };
    return { x, y };
  };

  const field = (text) => {
    const labels = [...document.querySelectorAll("label")].filter((l) => l.control && shown(l));
    const byLabel = one(labels, text, named);
    if (byLabel.element) return { element: byLabel.element.control };
    const byName = [...document.getElementsByName(text)].filter((e) => e.type !== "hidden");
    return byName.length === 1 ? { element: byName[0] } : byLabel;
  };

  return {
    button: (text) => where(one([...open.querySelectorAll("button, a[href], summary")].filter(shown), text, named)),
    option: (text) => {
      const labels = [...document.querySelectorAll("label")].filter((l) => ["radio", "checkbox"].includes(l.control?.type) && shown(l));
      return where(one(labels, text, named));
    },
    focus: (text) => {
      const found = field(text);
      if (!found.element) return found;
      if (!shown(found.element)) return { problem: `"${text}" is not shown` };
      found.element.focus();
      found.element.select();
      return { x: 0, y: 0 };
    },
    value: (text) => {
      const found = field(text);
      return found.element ? { value: found.element.value } : found;
    },
  };
})()
