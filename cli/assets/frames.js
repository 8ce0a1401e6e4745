// The parts of a code, one after the other, for a camera to see them all.
"use strict";
(() => {
  const list = document.querySelector("[data-frames]");
  const parts = list ? [...list.children] : [];
  if (parts.length < 2) return;
  let shown = 0;
  const show = () => parts.forEach((part, number) => (part.hidden = number !== shown));
  show();
  setInterval(() => {
    shown = (shown + 1) % parts.length;
    show();
  }, 400);
})();
