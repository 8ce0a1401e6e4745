// The counter's own behaviours: codes that take turns and are renewed before they run out, personal data that leaves the screen, the
// app that can be installed. Each page works without it.
"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  if ("serviceWorker" in navigator && isSecureContext) navigator.serviceWorker.register("/sw.js").catch(() => {});

  // Several codes of one message, each for a moment; they hold still when asked to.
  const setUpTurns = (root) => {
    for (const panel of all(".qr-panel", root)) {
      const frame = panel.querySelector("[data-turn]");
      if (!frame) continue;
      const codes = all(".qr-turn", frame);
      const dots = all(".turns i", panel);
      const hold = panel.querySelector("[data-hold]");
      const [still, play] = [hold.textContent, hold.dataset.play];
      let at = 0;
      const turn = () => {
        at = (at + 1) % codes.length;
        codes.forEach((code, number) => code.classList.toggle("later", number !== at));
        dots.forEach((dot, number) => dot.classList.toggle("on", number === at));
      };
      let timer = 0;
      const start = () => {
        if (codes.length < 2) return;
        timer = setInterval(() => (frame.isConnected ? turn() : clearInterval(timer)), Number(frame.dataset.turn));
        hold.textContent = still;
      };
      const stop = () => {
        clearInterval(timer);
        timer = 0;
        hold.textContent = play;
      };
      hold.addEventListener("click", () => (timer ? stop() : start()));
      panel.querySelector("[data-next]").addEventListener("click", () => {
        stop();
        turn();
      });
      start();
    }
  };

  // A new code before the one on the screen runs out. What a phone brings for the former one still counts.
  const setUpRefresh = (root) => {
    for (const element of all("[data-refresh]", root)) {
      const countdown = (element.closest(".refreshed") ?? element).querySelector("[data-countdown]");
      const form = element.querySelector("form[data-again]");
      if (!countdown || !form) continue;
      const end = performance.now() + (Number(countdown.dataset.countdown) - Number(element.dataset.refresh)) * 1000;
      const timer = setInterval(async () => {
        if (!element.isConnected) return clearInterval(timer);
        if (document.hidden || performance.now() < end) return;
        clearInterval(timer);
        try {
          await renew(element, form);
        } catch {
          // The service is away for a moment: the code runs out, and says so.
        }
      }, 1000);
    }
  };

  const renew = async (element, form) => {
    const body = new URLSearchParams(new FormData(form, form.querySelector("button")));
    const answer = await fetch(form.action, { method: "POST", body, credentials: "same-origin" });
    if (!answer.ok) return;
    const text = await answer.text();
    const fresh = new DOMParser().parseFromString(text, "text/html").querySelector(".refreshed");
    const old = element.closest(".refreshed");
    if (!fresh || !old.isConnected) return;
    const state = element.dataset.state;
    const former = element.dataset.request;
    const held = document.adoptNode(fresh);
    old.replaceWith(held);
    history.replaceState(null, "", new URL(answer.url).pathname);
    window.huizheng.setUp(held);
    setUp(held.parentElement);
    held.dispatchEvent(new CustomEvent("huizheng:renewed", { bubbles: true, detail: { former, id: held.dataset.request } }));
    follow(state);
  };

  // The former request, until it runs out.
  const follow = (url) => {
    const look = async () => {
      try {
        const answer = await fetch(url, { headers: { accept: "application/json" }, credentials: "same-origin" });
        if (!answer.ok) return;
        const { state } = await answer.json();
        if (state === "answered") return location.assign(url.replace(/\/state$/, ""));
        if (state === "expired") return;
      } catch {
        // The next time may work.
      }
      setTimeout(look, 2000);
    };
    look();
  };

  // What is personal leaves the screen: after a while, when told to, and when the screen goes away.
  let leaving;
  const clear = () => {
    if (!leaving) return;
    const form = leaving;
    leaving = undefined;
    const body = new URLSearchParams(new FormData(form));
    fetch(form.action, { method: "POST", body, credentials: "same-origin", keepalive: true, redirect: "manual" }).catch(() => {});
    const notice = form.querySelector("[data-cleared]").content.cloneNode(true);
    for (const live of all("[data-live$='/shown']")) live.remove();
    for (const personal of all("[data-personal]")) personal.remove();
    form.replaceWith(notice);
  };
  const setUpLeaving = (root) => {
    const form = root.querySelector("[data-leaving]");
    if (!form) return;
    leaving = form;
    const end = performance.now() + Number(form.dataset.leaving) * 1000;
    const text = form.querySelector("[data-leaving-text]");
    const bar = form.querySelector("progress");
    const timer = setInterval(() => {
      if (leaving !== form) return clearInterval(timer);
      if (!form.isConnected) return;
      const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
      text.textContent = form.dataset.text.replace("{n}", left);
      bar.value = left;
      if (left === 0) clear();
    }, 1000);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      clear();
    });
  };
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !leaving) return;
    event.preventDefault();
    clear();
  });
  document.addEventListener("visibilitychange", () => document.hidden && clear());
  addEventListener("pagehide", clear);

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-print]")) print();
  });

  const setUp = (root) => {
    setUpTurns(root);
    setUpRefresh(root);
    setUpLeaving(root);
  };
  setUp(document);
  // The result comes into the page by itself.
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes) {
      for (const node of addedNodes) {
        if (node.nodeType !== Node.ELEMENT_NODE) continue;
        if (node.matches("[data-leaving]") || node.querySelector("[data-leaving]")) setUpLeaving(node.parentElement);
      }
    }
  }).observe(document.querySelector("main"), { childList: true, subtree: true });
})();
