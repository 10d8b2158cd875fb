// What pages do beyond HTML and htmx. Everything works without it.
(() => {
  "use strict";

  // Toasts leave after eight seconds, unless somebody points at them or they hold a button.
  const watchToast = (toast) => {
    toast.dataset.watched = "1";
    if (toast.querySelector("button, a")) return;
    let timer;
    const start = () => { timer = setTimeout(() => toast.remove(), 8000); };
    const stop = () => clearTimeout(timer);
    toast.addEventListener("mouseenter", stop);
    toast.addEventListener("mouseleave", start);
    start();
  };
  const watchToasts = () =>
    document.querySelectorAll("[data-toast]:not([data-watched])").forEach(watchToast);

  // After a refused post the error summary is read first.
  const focusSummary = (root) => {
    const summary = root.querySelector("[data-focus]");
    if (summary) summary.focus();
    return Boolean(summary);
  };

  // A swap that brings a new page (it says so by data-page) moves focus to its heading.
  const afterSwap = (event) => {
    const target = event.detail.target || event.target;
    watchToasts();
    focusNext();
    if (!target.isConnected || focusSummary(target)) return;
    const page = target.matches("[data-page]") ? target : target.querySelector("[data-page]");
    if (!page) return;
    if (page.dataset.title) document.title = page.dataset.title;
    if (document.activeElement && document.activeElement.closest("form[role=search]")) return;
    const heading = document.querySelector("h1");
    if (heading) { heading.tabIndex = -1; heading.focus(); }
  };

  // After an action of a row or card, focus goes to the same action of the next one there is: the
  // selectors of the others, those behind it first, outlive a swap or a new page.
  const NEXT = "canopy-focus-next";
  const selectorOf = (button) => {
    const value = button.value && `[name="${button.name}"][value="${button.value}"]`;
    const card = button.closest(".issue");
    return (card ? `.issue form[action="${button.form.getAttribute("action")}"] ` : "") + `button${value}`;
  };
  const kindOf = (button) => {
    if (button.name === "pair") return "pair";
    if (button.name === "one") return button.value.split(":")[0];
    if (!button.form || !button.closest(".issue") || button.form.elements.next) return "";
    return button.form.getAttribute("action").split("/").at(-2) + button.value;
  };
  const rememberNext = (button) => {
    const kind = button && kindOf(button);
    if (!kind) return;
    const all = [...document.querySelectorAll("button")].filter((each) => kindOf(each) === kind);
    const at = all.indexOf(button);
    const order = [...all.slice(at + 1), ...all.slice(0, at).reverse()].slice(0, 20);
    sessionStorage.setItem(NEXT, JSON.stringify(order.map(selectorOf)));
  };
  const focusNext = () => {
    const kept = sessionStorage.getItem(NEXT);
    sessionStorage.removeItem(NEXT);
    const found = JSON.parse(kept || "[]").map((each) => document.querySelector(each)).find(Boolean);
    if (found && !document.activeElement.matches("[data-focus]")) found.focus();
  };

  // One menu open at a time; Escape and a click elsewhere close it.
  const closeMenus = (except) =>
    document.querySelectorAll("details.menu[open]").forEach((menu) => {
      if (!except || !menu.contains(except)) menu.open = false;
    });

  // A form is sent once: a second press while it is under way does nothing.
  const onSubmit = (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (event.defaultPrevented) { rememberNext(event.submitter); return; }  // htmx sends it
    if (event.submitter && "again" in event.submitter.dataset) return;  // a file: the page stays
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    const button = event.submitter;
    rememberNext(button);
    if (button) setTimeout(() => button.setAttribute("aria-busy", "true"));
  };

  // What is aria-disabled explains itself and does nothing.
  const onClick = (event) => {
    if (event.target.closest('[aria-disabled="true"]')) event.preventDefault();
    closeMenus(event.target);
  };

  const isTyping = (element) => element.closest("input, textarea, select, [contenteditable]");
  const onKey = (event) => {
    if (event.key === "Escape") {
      const open = document.activeElement && document.activeElement.closest("details.menu[open]");
      closeMenus();
      if (open) open.querySelector("summary").focus();
    }
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const link = [...document.querySelectorAll("[data-key]")].find((l) => l.dataset.key === event.key);
    if (link) { event.preventDefault(); link.tagName === "INPUT" ? link.focus() : link.click(); }
  };

  // On a narrow screen the lists of set-up are a strip: the open one is brought into view.
  const showStep = () => {
    const strip = document.querySelector(".steps .nav");
    const open = strip && strip.querySelector("[aria-current]");
    if (open) strip.scrollLeft = open.offsetLeft - (strip.clientWidth - open.offsetWidth) / 2;
  };

  document.addEventListener("DOMContentLoaded", () => {
    watchToasts();
    focusSummary(document);
    showStep();
  });
  // Later: on its way to a #fragment the browser takes the focus away.
  window.addEventListener("load", () => setTimeout(focusNext));
  document.addEventListener("htmx:afterSettle", afterSwap);
  document.addEventListener("submit", onSubmit);
  document.addEventListener("click", onClick);
  document.addEventListener("keydown", onKey);
  // Back from the browser's page cache: forms may be sent again.
  window.addEventListener("pageshow", () =>
    document.querySelectorAll("form[data-sent]").forEach((form) => {
      delete form.dataset.sent;
      form.querySelectorAll("[aria-busy]").forEach((b) => b.removeAttribute("aria-busy"));
    }));
})();
