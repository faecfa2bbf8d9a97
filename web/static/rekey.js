// What the pages gain from JavaScript. Without it everything works but passkeys: all of this only adds.
"use strict";

const find = (selector, root = document) => root.querySelector(selector);
const each = (selector, act) => document.querySelectorAll(selector).forEach(act);

// Numbers and times are written as the page's language does, in the visitor's own variant of it, with the digits of the texts.
const language = document.documentElement.lang || "en";
const variant = navigator.languages.find((l) => l.split("-")[0] === language.split("-")[0]) ?? language;
const digits = { numberingSystem: "latn", calendar: "gregory" };

// anew shows a page anew, also one that was the answer to a form, without sending that form again.
const anew = (url) => location.replace((url || location.href).split("#")[0]);

// What is of no use without the script is shipped hidden.
each("[data-show], [data-copy], [data-sheet]", (e) => (e.hidden = false));

// Focus: on what is wrong, else on the field the page is about. A touch screen would open its keyboard over the page for that.
const summary = find("[data-summary]");
if (summary) {
  // After the browser's own autofocus, which does not know every element everywhere.
  requestAnimationFrame(() => summary.focus());
} else if (!matchMedia("(pointer: coarse)").matches) {
  find("[data-focus]")?.focus();
}

// Passwords can be shown while they are typed, and are hidden again before they are sent or kept.
const show = (button, shown) => {
  document.getElementById(button.dataset.show).type = shown ? "text" : "password";
  button.textContent = shown ? button.dataset.on : button.dataset.off;
};
const hideAll = () => each("[data-show]", (button) => show(button, false));
each("[data-show]", (button) => {
  button.addEventListener("click", () => show(button, document.getElementById(button.dataset.show).type === "password"));
});

// A button is pressed once. It recovers when the visitor comes back, and when nothing came for ten seconds.
const busy = (button, on) => (on ? button.setAttribute("aria-busy", "true") : button.removeAttribute("aria-busy"));
addEventListener("submit", (event) => {
  const button = event.submitter;
  if (button?.hasAttribute("aria-busy")) {
    event.preventDefault();
    return;
  }
  hideAll();
  if (button) {
    busy(button, true);
    setTimeout(busy, 10000, button, false);
  }
});
addEventListener("pageshow", (event) => {
  each("[aria-busy]", (button) => busy(button, false));
  if (event.persisted) hideAll();
});

// Passkeys.
const endings = {
  NotAllowedError: "cancelled",
  AbortError: "cancelled",
  NotSupportedError: "unsupported",
  ConstraintError: "unsupported",
};
const ceremony = (kind, json) => {
  const parsed = JSON.parse(json);
  const options = parsed.publicKey ?? parsed;
  return kind === "create"
    ? navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
    : navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
};
each("[data-ceremony]", (button) => {
  const problem = find("[data-ceremony-problem]");
  const say = (ending) => {
    const text = find("p", problem);
    problem.hidden = false;
    text.textContent = text.getAttribute("data-text-" + ending);
    problem.scrollIntoView({ block: "nearest" });
  };
  const create = button.dataset.ceremony === "create";
  const supported = Boolean(self.PublicKeyCredential?.parseRequestOptionsFromJSON);
  button.hidden = !supported;
  if (!supported) say("unsupported");
  button.addEventListener("click", async (event) => {
    event.preventDefault();
    if (!supported || button.hasAttribute("aria-busy")) return;
    busy(button, true);
    problem.hidden = true;
    try {
      const answer = await ceremony(button.dataset.ceremony, button.dataset.options);
      button.form.elements.credential.value = JSON.stringify(answer);
      button.form.submit();
    } catch (error) {
      busy(button, false);
      say(create && error.name === "InvalidStateError" ? "exists" : endings[error.name] ?? "failed");
    }
  });
});

// Rules of a new password that can be told here, as internal/passwordrule tells them. The server stays the judge.
const classes = [/\p{Lu}/u, /\p{Ll}/u, /[0-9]/, /[~!@#$%^&*_\-+=`|\\(){}[\]:;"'<>,.?/]/, /[\p{Lt}\p{Lm}\p{Lo}]/u];
const judges = {
  "min-length": (text, rule) => [...text].length >= rule.n,
  "max-length": (text, rule) => text.length <= rule.n,
  classes: (text, rule) => classes.slice(0, rule.of > 4 ? 5 : 4).filter((c) => c.test(text)).length >= rule.n,
  name: (text, rule) => !rule.words?.some((word) => text.toLowerCase().includes(word.toLowerCase())),
  characters: (text) => /^[ -~]*$/.test(text),
};
// These can still come true while a person goes on typing, so they are not called broken before the field is left.
const growing = ["min-length", "classes"];

each("[data-rules]", (field) => {
  const status = find("[data-rules-status]");
  const rules = JSON.parse(field.dataset.rules)
    .filter((rule) => judges[rule.code])
    .map((rule) => ({ ...rule, line: find(`[data-rule="${rule.code}"]`) }));
  const stateOf = (rule, left) => {
    if (field.value === "") return "";
    if (judges[rule.code](field.value, rule)) return "met";
    return left || !growing.includes(rule.code) || rule.line.dataset.state === "unmet" ? "unmet" : "";
  };
  const news = new Set();
  let pause = 0;
  const tell = () => {
    const all = rules.every((rule) => rule.line.dataset.state === "met");
    status.textContent = all ? status.dataset.text : [...news].map((line) => line.textContent.trim()).join("; ");
    news.clear();
  };
  const judge = (left) => {
    for (const rule of rules) {
      const { line } = rule;
      const state = stateOf(rule, left);
      if (state === line.dataset.state) continue;
      line.dataset.state = state;
      find("[data-state-word]", line).textContent = status.dataset[state] ?? "";
      if (state) news.add(line);
    }
    if (news.size === 0) return;
    clearTimeout(pause);
    pause = setTimeout(tell, 800);
  };
  field.addEventListener("input", () => judge(false));
  field.addEventListener("change", () => judge(true));
  if (field.value) judge(false);
});

// Times in the visitor's own zone.
const moment = new Intl.DateTimeFormat(variant, {
  year: "numeric", month: "long", day: "numeric", hour: "numeric", minute: "2-digit", ...digits,
});
each("[data-moment]", (time) => (time.textContent = moment.format(new Date(time.dateTime))));

// Backup codes and keys: copy, print, save as a file.
const textOf = (id) => {
  const source = document.getElementById(id);
  return [...source.querySelectorAll("code")].map((code) => code.textContent).join("\n") || source.textContent;
};
each("[data-copy]", (button) => {
  const label = button.textContent;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(textOf(button.dataset.copy));
      button.textContent = button.dataset.done;
      setTimeout(() => (button.textContent = label), 3000);
    } catch {
      // Not allowed here: mark it, so that the visitor's own keys copy it.
      getSelection().selectAllChildren(document.getElementById(button.dataset.copy));
    }
  });
});
each("[data-print]", (button) => button.addEventListener("click", () => print()));
each("[data-download]", (button) => {
  button.addEventListener("click", () => {
    const { head, file, sheet } = button.closest("[data-sheet]").dataset;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([head + "\n\n" + textOf(sheet) + "\n"], { type: "text/plain;charset=utf-8" }));
    link.download = file;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  });
});

// A page that waits asks whether there is news, and goes there.
const waiting = find("main[data-refresh]");
if (waiting) {
  const seen = (page) => find("main", page)?.dataset.at + " " + find("h1", page)?.textContent;
  const pause = waiting.dataset.refresh * 1000;
  const look = async () => {
    try {
      const answer = await fetch(location.href.split("#")[0]);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (answer.status < 500 && answer.status !== 429 && seen(page) !== seen(document)) return anew(answer.url);
    } catch {
      // No network at the moment: ask again.
    }
    setTimeout(look, pause);
  };
  setTimeout(look, pause);
}

// Before the time is over the visitor is asked, at least 20 seconds ahead (WCAG 2.2.1). Closing the question in any way is a yes.
const dialog = find("dialog[data-timeout]");
if (dialog) {
  const least = 20;
  const left = find("[data-left]", dialog);
  const seconds = new Intl.NumberFormat(variant, { style: "unit", unit: "second", unitDisplay: "long", ...digits });
  const title = document.title;
  let end, warn;
  const run = (time) => {
    end = Date.now() + time * 1000;
    warn = Math.min(60, Math.max(least, time / 2));
  };
  const look = () => {
    const rest = Math.ceil((end - Date.now()) / 1000);
    if (rest <= 0) {
      clearInterval(clock);
      anew(dialog.dataset.over);
      return;
    }
    left.textContent = seconds.format(rest);
    if (rest > warn || dialog.open) return;
    dialog.showModal();
    document.title = find("h2", dialog).textContent + " · " + title;
  };
  const extend = async () => {
    document.title = title;
    warn = 0; // not while it is being asked for
    try {
      const answer = await fetch(dialog.dataset.extend, { method: "POST" });
      if (!answer.ok) return anew(dialog.dataset.over);
      const time = Number(await answer.text());
      run(time);
      // The end cannot be put off any more: ask no further.
      if (time <= least) warn = 0;
    } catch {
      warn = 60; // no network at the moment: the question comes again
    }
  };
  run(Number(dialog.dataset.timeout));
  const clock = setInterval(look, 1000);
  addEventListener("pageshow", look);
  // The close event comes a little later: until then the clock must not ask again.
  dialog.addEventListener("cancel", () => { warn = 0; });
  find("[data-stay]", dialog).addEventListener("click", () => { warn = 0; dialog.close(); });
  dialog.addEventListener("close", extend);
}
