// Connecting in a pop-up window, and tiles that renew themselves. Both work without it.
(() => {
  "use strict";
  const CHANNEL = "quickbooks-consent";

  // The consent page may not reach back to us (Cross-Origin-Opener-Policy cuts the two windows
  // apart): the page it returns to says so on a channel, and the waiting page goes on.
  let isWaiting = false;
  const openPopup = (form) => {
    const left = Math.max(0, window.screenX + (window.outerWidth - 640) / 2);
    const popup = window.open("", "quickbooks-consent", `popup,width=640,height=780,left=${left}`);
    if (!popup) return;
    form.target = "quickbooks-consent";
    form.elements.popup.value = "1";
    isWaiting = true;
    // The pop-up may be closed without an answer: the button works again.
    setTimeout(() => {
      delete form.dataset.sent;
      form.querySelectorAll("[aria-busy]").forEach((each) => each.removeAttribute("aria-busy"));
    }, 1500);
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches("form[data-popup]") && !event.defaultPrevented && "BroadcastChannel" in window) {
      openPopup(form);
    }
  });

  if ("BroadcastChannel" in window) {
    const done = document.querySelector("[data-consent-done]");
    const channel = new BroadcastChannel(CHANNEL);
    if (done) {
      channel.postMessage({ next: done.getAttribute("href") });
      setTimeout(() => window.close(), 50);
    } else {
      channel.addEventListener("message", (event) => {
        const next = new URL(event.data.next, window.location.href);
        if (isWaiting && next.origin === window.location.origin) window.location.assign(next);
      });
    }
  }

  // What renews itself rests while nobody looks.
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (document.hidden && event.target.matches("[data-while-visible]")) event.preventDefault();
  });
})();
