// Parts of a page that are drawn again when the node tells of a new block. Without it they show what was when the page
// was opened.
"use strict";
(() => {
  const parts = document.querySelectorAll("[data-live-events]");
  if (!parts.length || !window.EventSource) return;
  let timer = null;
  const draw = async (part) => {
    const answer = await fetch(part.dataset.liveEvents, { headers: { accept: "text/html" }, credentials: "same-origin" });
    // What a visitor is about to press stays where it is.
    if (!answer.ok || part.contains(document.activeElement)) return;
    const content = await answer.text();
    if (part.innerHTML !== content) part.innerHTML = content;
  };
  const redraw = () => {
    timer = null;
    if (document.hidden) return;
    for (const part of parts) draw(part).catch(() => {});
  };
  const soon = () => {
    timer ??= setTimeout(redraw, 300);
  };
  const events = new EventSource("/v1/events");
  for (const name of ["block", "reset"]) events.addEventListener(name, soon);
  document.addEventListener("visibilitychange", soon);
  addEventListener("pagehide", () => events.close());
})();
