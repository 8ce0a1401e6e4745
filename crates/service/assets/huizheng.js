// Small behaviours, each asked for by a data attribute. Every page works without them.
"use strict";
(() => {
  const all = (selector, root = document) => root.querySelectorAll(selector);

  const toast = (text) => {
    const place = document.querySelector(".toasts");
    if (!place) return;
    const message = document.createElement("div");
    message.className = "toast";
    message.textContent = text;
    place.append(message);
    setTimeout(() => message.remove(), 4000);
  };

  // Light or dark, remembered in a cookie so that the next page is drawn right from the start.
  const toggleTheme = () => {
    const root = document.documentElement;
    const chosen = root.dataset.theme;
    const dark = chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
    root.dataset.theme = dark ? "light" : "dark";
    document.cookie = `hz_theme=${root.dataset.theme}; Path=/; SameSite=Lax; Max-Age=31536000`;
  };

  const copy = async (button) => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
    } catch {
      const field = document.createElement("textarea");
      field.value = button.dataset.copy;
      document.body.append(field);
      field.select();
      document.execCommand("copy");
      field.remove();
      button.focus();
    }
    toast(button.dataset.copied);
  };

  const fill = (button) => {
    const form = button.closest("form");
    for (const [name, value] of Object.entries(JSON.parse(button.dataset.fill))) {
      const field = form.elements.namedItem(name);
      if (!field) continue;
      if (field.type === "checkbox") field.checked = value === "true";
      else field.value = value;
    }
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-toggle],[data-copy],[data-fill]");
    if (!button) return;
    if ("themeToggle" in button.dataset) toggleTheme();
    else if ("copy" in button.dataset) copy(button);
    else fill(button);
  });

  // A form that was sent is not sent again by a second click.
  document.addEventListener("submit", (event) => {
    if (!("once" in event.target.dataset)) return;
    if (event.target.dataset.once === "sent") return event.preventDefault();
    event.target.dataset.once = "sent";
    for (const button of all("button[type=submit]", event.target)) button.setAttribute("aria-busy", "true");
  });
  addEventListener("pageshow", () => {
    for (const form of all("form[data-once]")) {
      form.dataset.once = "";
      for (const button of all("[aria-busy]", form)) button.removeAttribute("aria-busy");
    }
  });

  // The name of a chosen file; files may be dropped too. `data-upload="send"` sends the form at once.
  const setUpUploads = (root) => {
    for (const input of all("input[data-upload]", root)) {
      const field = input.closest(".upload");
      const label = field.querySelector(".upload-label");
      input.addEventListener("change", () => {
        if (input.files.length) label.textContent = input.files[0].name;
        if (input.files.length && input.dataset.upload === "send") input.form.requestSubmit();
      });
      for (const kind of ["dragover", "dragleave", "drop"]) {
        field.addEventListener(kind, (event) => {
          event.preventDefault();
          field.classList.toggle("over", kind === "dragover");
          if (kind === "drop" && event.dataTransfer.files.length) {
            input.files = event.dataTransfer.files;
            input.dispatchEvent(new Event("change"));
          }
        });
      }
    }
  };

  // Countdowns run on the time since the page was drawn, so a wrong clock doesn't matter.
  const setUpCountdowns = (root) => {
    for (const element of all("[data-countdown]", root)) {
      const end = performance.now() + Number(element.dataset.countdown) * 1000;
      const text = element.querySelector(".countdown-text");
      const progress = element.querySelector("progress");
      const tick = () => {
        if (!element.isConnected) return clearInterval(timer);
        const left = Math.max(0, Math.round((end - performance.now()) / 1000));
        progress.value = left;
        if (left > 0) {
          const seconds = String(left % 60).padStart(2, "0");
          text.textContent = element.dataset.text.replace("{m}", Math.floor(left / 60)).replace("{s}", seconds);
          return;
        }
        clearInterval(timer);
        text.textContent = element.dataset.over;
        element.classList.add("over");
        const over = element.closest("[data-expires-panel]")?.querySelector(".qr-over");
        if (over) over.hidden = false;
      };
      const timer = setInterval(tick, 1000);
      tick();
    }
  };

  // Parts that keep themselves up to date. Each says the version that it shows, so a change is news whenever it came;
  // the answer's header `x-live: done` ends it.
  const setUpLive = (root) => {
    for (const element of all("[data-live]", root)) {
      const url = new URL(element.dataset.live, location.href);
      const again = () => setTimeout(ask, Number(element.dataset.liveSeconds) * 1000);
      const ask = async () => {
        if (!element.isConnected) return;
        if (document.hidden || !(await look())) again();
      };
      // Whether no further change will come.
      const look = async () => {
        try {
          url.searchParams.set("seen", element.dataset.liveSeen);
          const answer = await fetch(url, { headers: { accept: "text/html" }, credentials: "same-origin" });
          if (answer.status === 200) {
            element.innerHTML = await answer.text();
            element.dataset.liveSeen = answer.headers.get("x-live-version") ?? "";
            setUp(element);
          }
          return answer.ok && answer.headers.get("x-live") === "done";
        } catch {
          // The service is away for a moment; the next time may work.
          return false;
        }
      };
      // Where the service tells by itself (server-sent events), nobody asks; at the end the page is drawn anew.
      if (element.dataset.liveEvents) {
        const events = new EventSource(element.dataset.liveEvents);
        events.addEventListener("progress", async (event) => {
          await look();
          if (!JSON.parse(event.data).over) return;
          events.close();
          location.reload();
        });
        continue;
      }
      again();
    }
  };

  const setUp = (root) => {
    setUpUploads(root);
    setUpCountdowns(root);
    setUpLive(root);
    for (const element of all("template[data-toast]", root)) toast(element.content.textContent);
    root.querySelector("[data-focus]")?.focus();
  };
  window.huizheng = { toast, setUp };
  setUp(document);
})();
