// The invoice editor: comboboxes, keys, due dates. Everything works without it.
(() => {
  "use strict";
  const form = document.getElementById("editor");
  if (!form) return;
  const press = (selector) => { const b = document.querySelector(selector); if (b) b.click(); };
  const tell = (input) => ["input", "change"].forEach((type) => input.dispatchEvent(new Event(type, { bubbles: true })));
  const set = (name, value) => { const it = form.elements[name]; if (it && value !== undefined) it.value = value; };

  // -- Comboboxes: a text field, a list that the server fills, the id of what was chosen.
  const listOf = (input) => document.getElementById(input.getAttribute("aria-controls"));
  const options = (input) => [...listOf(input).querySelectorAll("[role=option]")];
  const show = (input, isOpen) => {
    listOf(input).hidden = !isOpen;
    input.setAttribute("aria-expanded", isOpen);
    if (!isOpen) input.removeAttribute("aria-activedescendant");
  };
  const point = (input, option) => {
    options(input).forEach((each) => each.setAttribute("aria-selected", each === option));
    input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  };
  const current = (input) => options(input).find((each) => each.getAttribute("aria-selected") === "true");
  const choose = (input, option) => {
    show(input, false);
    if (option.dataset.href) { window.open(option.dataset.href, "_blank", "noopener"); return; }
    const box = input.closest("[data-combo]");
    input.value = option.dataset.text;
    box.querySelector("[data-id]").value = option.dataset.id;
    if (box.dataset.combo === "item") fill(input.name.replace(/item$/, ""), option.dataset);
    const hint = box.parentElement.querySelector("p[data-hint]");
    if (hint && !box.dataset.combo) hint.textContent = option.dataset.hint;
    isChosen = true;
    tell(input);
    isChosen = false;
  };
  let isChosen = false;
  const fill = (line, item) => {
    const words = form.elements[`${line}description`];
    if (words && !words.value) words.value = item.description;
    if (!form.elements[`${line}rate`]) return;
    set(`${line}rate`, item.rate);
    if (!form.elements[`${line}quantity`].value) set(`${line}quantity`, "1");
    form.elements[`${line}is_taxable`].checked = Boolean(item.taxable);
  };
  const onComboKey = (event, input) => {
    const isOpen = !listOf(input).hidden, all = options(input), at = all.indexOf(current(input));
    if (event.key === "Escape" && isOpen) { event.stopPropagation(); show(input, false); return true; }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      show(input, true);
      const step = event.key === "ArrowDown" ? 1 : -1;
      if (all.length) point(input, all[(at + step + all.length + (at < 0 && step < 0 ? 1 : 0)) % all.length]);
      event.preventDefault();
      return true;
    }
    if (event.key === "Enter" && isOpen && at >= 0) { event.preventDefault(); choose(input, all[at]); return true; }
    return false;
  };
  form.addEventListener("mousedown", (event) => {
    const option = event.target.closest("[role=option]");
    if (!option) return;
    event.preventDefault(); // the field keeps the focus
    choose(option.closest("[data-combo]").querySelector("[role=combobox]"), option);
  });
  form.addEventListener("focusout", (event) => { if (event.target.matches("[role=combobox]")) show(event.target, false); });
  form.addEventListener("input", (event) => {
    const input = event.target;
    if (input.matches("[role=combobox]") && !isChosen) input.closest("[data-combo]").querySelector("[data-id]").value = "";
    if (input.name === "due_on") set("term_days", ""); // a due date of its own
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const input = event.detail.requestConfig && event.detail.requestConfig.elt;
    if (input && input.matches("[role=combobox]") && document.activeElement === input && !isChosen) {
      input.removeAttribute("aria-activedescendant");
      // Opened by typing; a field that holds what was chosen stays as it is.
      show(input, Boolean(input.value) && !input.closest("[data-combo]").querySelector("[data-id]").value);
    }
    const totals = document.getElementById("totals");
    if (totals && totals.dataset.due && document.activeElement.name !== "due_on") set("due_on", totals.dataset.due);
  });

  // -- Keys
  document.addEventListener("keydown", (event) => {
    const input = event.target, isOurs = event.ctrlKey || event.metaKey;
    if (input.matches("[role=combobox]") && !isOurs && !event.altKey && onComboKey(event, input)) return;
    const key = event.key.toLowerCase();
    if (event.altKey && key === "l") { event.preventDefault(); press("[data-add]"); }
    if (event.altKey && key === "n" && input.matches("[role=combobox]")) {
      const make = listOf(input).querySelector("[data-href]");
      if (make) { event.preventDefault(); choose(input, make); }
    }
    if (isOurs && key === "s") { event.preventDefault(); press("[data-save]"); }
    if (isOurs && key === "enter") { event.preventDefault(); press(document.querySelector("[data-send]") ? "[data-send]" : "[data-save]"); }
    if (key === "enter" && !isOurs && input.matches("[data-last]")) { event.preventDefault(); press("[data-add]"); }
    const row = isOurs && key === "backspace" && input.closest(".edlines tr");
    if (row && [...row.querySelectorAll(".in")].every((each) => !each.value)) {
      event.preventDefault();
      row.querySelector(".rm button").click();
    }
  });

  // -- A draft that is saving itself is waited for: its answer brings the version.
  const saved = document.getElementById("saved");
  let isSaving = false, waiting;
  if (saved) {
    saved.addEventListener("htmx:beforeRequest", () => { isSaving = true; });
    saved.addEventListener("htmx:afterRequest", () => {
      isSaving = false;
      if (waiting !== undefined) { const button = waiting; waiting = undefined; form.requestSubmit(button); }
    });
  }
  window.addEventListener("submit", (event) => {
    if (event.target !== form || !isSaving) return;
    event.preventDefault();
    event.stopPropagation();
    waiting = event.submitter;
  }, true);
  setInterval(() => document.querySelectorAll("[data-ago]").forEach((time) => {
    const seconds = Math.round((Date.now() - new Date(time.dateTime)) / 1000);
    if (seconds < 3600) time.textContent = seconds < 60 ? `${Math.max(seconds, 0)} seconds ago` : `${Math.floor(seconds / 60)} min ago`;
  }), 5000);
})();
