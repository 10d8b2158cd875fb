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
    if (!target.isConnected || focusSummary(target)) return;
    const page = target.matches("[data-page]") ? target : target.querySelector("[data-page]");
    if (!page) return;
    if (page.dataset.title) document.title = page.dataset.title;
    if (document.activeElement && document.activeElement.closest("form[role=search]")) return;
    const heading = document.querySelector("h1");
    if (heading) { heading.tabIndex = -1; heading.focus(); }
  };

  // One menu open at a time; Escape and a click elsewhere close it.
  const closeMenus = (except) =>
    document.querySelectorAll("details.menu[open]").forEach((menu) => {
      if (!except || !menu.contains(except)) menu.open = false;
    });

  // A form is sent once: a second press while it is under way does nothing.
  const onSubmit = (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    const button = event.submitter;
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

  document.addEventListener("DOMContentLoaded", () => { watchToasts(); focusSummary(document); });
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
