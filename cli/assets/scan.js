// The phone's scanner: shows the camera, sends a frame now and then, goes where the answer says.
"use strict";
(() => {
  const view = document.querySelector("[data-scan]");
  if (!view) return;
  const video = view.querySelector("video");
  const message = view.querySelector("p");
  const canvas = document.createElement("canvas");
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));

  // A frame of at most 1000 pixels a side is enough for a code, and small.
  const frame = () => {
    const scale = Math.min(1, 1000 / Math.max(video.videoWidth, video.videoHeight));
    canvas.width = Math.round(video.videoWidth * scale);
    canvas.height = Math.round(video.videoHeight * scale);
    canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
    return new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.8));
  };

  const ask = async () => {
    const picture = await frame();
    if (!picture) return false;
    const headers = { "content-type": "image/jpeg", "x-csrf": view.dataset.csrf };
    const answer = await fetch(view.dataset.scan, { method: "POST", headers, body: picture });
    if (answer.status !== 200) return false;
    const { location: next, part } = await answer.json();
    if (part) {
      message.hidden = false;
      message.textContent = part;
      return false;
    }
    location.assign(next);
    return true;
  };

  const run = async () => {
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    } catch {
      message.textContent = view.dataset.noCamera;
      return;
    }
    video.srcObject = stream;
    await video.play();
    message.hidden = true;
    const stop = () => stream.getTracks().forEach((track) => track.stop());
    addEventListener("pagehide", stop);
    for (;;) {
      await pause(250);
      try {
        if (!document.hidden && (await ask())) return stop();
      } catch {
        // The next frame may get through.
      }
    }
  };
  run();
})();
