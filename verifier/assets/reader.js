// Reads a phone's codes: by camera, by a scanner that types, by hand. What is read goes to the counter's own service as soon as it is
// there, all of it each time: the service keeps nothing until it is whole.
"use strict";
(() => {
  const panel = document.querySelector("[data-reader]");
  if (!panel) return;
  const words = panel.dataset;
  const find = (selector) => panel.querySelector(selector);
  const [video, idle, toggle, lens] = [find("video"), find(".finder-idle"), find("[data-camera-toggle]"), find("[data-lens]")];
  const [status, parts, said, afresh] = [find("[data-read-text]"), find("[data-parts]"), find("[data-said]"), find("[data-afresh]")];
  const csrf = find("input[name=csrf]").value;
  const START = "HZ1:";
  // As long as any QR code; what is longer is no code.
  const LONGEST = 4300;

  const ready = status.textContent;
  let reading = words.reader;
  let former = "";
  const read = [];
  const refused = new Set();
  let sending = false;
  let waiting = false;

  // What it says while nothing else goes on.
  let standing = status.textContent;
  const say = (text) => (status.textContent = standing = text);
  const complain = (text) => {
    said.replaceChildren();
    if (!text) return;
    const notice = document.createElement("div");
    notice.className = "notice bad";
    const line = document.createElement("p");
    line.textContent = text;
    notice.append(line);
    said.append(notice);
  };
  const progress = (have, total, missing) => {
    say(words.progress.replace("{have}", have).replace("{total}", total));
    const signs = Array.from({ length: total }, (_, at) => {
      const part = document.createElement("li");
      part.textContent = at + 1;
      part.className = missing.includes(at + 1) ? "" : "have";
      return part;
    });
    parts.replaceChildren(...signs);
    afresh.hidden = false;
  };
  const forget = () => {
    read.length = 0;
    refused.clear();
    parts.replaceChildren();
    afresh.hidden = true;
  };

  // One text that was read. The same again is nothing new.
  const take = (text) => {
    const line = text.trim();
    status.textContent = standing;
    if (!line || line.length > LONGEST || read.includes(line) || refused.has(line)) return;
    performance.mark("huizheng:read");
    read.push(line);
    send();
  };

  const send = async () => {
    if (sending) return (waiting = true);
    sending = true;
    do {
      waiting = false;
      await once();
    } while (waiting && read.length);
    sending = false;
  };

  const once = async () => {
    const sent = [...read];
    const body = new URLSearchParams({ csrf, codes: sent.join("\n") });
    if (former) body.set("former", former);
    let answer;
    try {
      const response = await fetch(reading, { method: "POST", body, credentials: "same-origin", headers: { accept: "application/json" } });
      if (response.status === 401 || response.redirected) return location.reload();
      answer = await response.json();
    } catch {
      complain(words.lost);
      setTimeout(() => read.length && send(), 2000);
      return;
    }
    if (answer.state === "decided") {
      stop();
      location.assign(answer.next);
      return new Promise(() => {});
    }
    if (answer.state === "part") {
      complain("");
      progress(answer.have, answer.total, answer.missing);
      return;
    }
    complain(answer.text);
    // One code that is not of the others' goes, and is not asked about again; when the whole is wrong, all of it goes.
    const last = sent.at(-1);
    if (["not_ours", "misread", "other_code"].includes(answer.code)) {
      read.splice(read.indexOf(last), 1);
      refused.add(last);
    } else {
      forget();
      for (const text of sent) refused.add(text);
    }
    afresh.hidden = !refused.size;
  };

  afresh.addEventListener("click", () => {
    forget();
    complain("");
    say(stream ? words.looking : ready);
    toggle.focus();
  });

  // The counter's own codes were renewed: a phone may still answer the former ones.
  document.addEventListener("huizheng:renewed", ({ detail }) => {
    former = detail.former ?? "";
    reading = `/requests/${detail.id}/codes`;
  });

  // The camera. Frames are looked at one after the other, beside the page.
  let stream, worker, canvas;
  const stop = () => {
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = undefined;
    worker?.terminate();
    worker = undefined;
    video.srcObject = null;
    video.hidden = true;
    idle.hidden = false;
    toggle.textContent = words.camera;
  };
  const start = async (device) => {
    stop();
    try {
      const which = device ? { deviceId: { exact: device } } : { facingMode: { ideal: "environment" } };
      stream = await navigator.mediaDevices.getUserMedia({ video: { ...which, width: { ideal: 1280 }, height: { ideal: 720 } } });
    } catch {
      return complain(words.noCamera);
    }
    complain("");
    video.srcObject = stream;
    video.hidden = false;
    idle.hidden = true;
    toggle.textContent = words.stop;
    if (!read.length) say(words.looking);
    await video.play();
    await lenses();
    worker = new Worker(words.decoder, { type: "module" });
    worker.addEventListener("message", ({ data: { text } }) => {
      if (text) take(text);
      next();
    });
    next();
  };
  const next = () => {
    if (!stream || !worker) return;
    const once = () => {
      if (!stream || !worker) return;
      const { videoWidth: width, videoHeight: height } = video;
      if (!width || document.hidden) return setTimeout(next, 200);
      canvas ??= document.createElement("canvas");
      if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
      const context = canvas.getContext("2d", { willReadFrequently: true });
      context.drawImage(video, 0, 0);
      const { data } = context.getImageData(0, 0, width, height);
      worker.postMessage({ width, height, data: data.buffer }, [data.buffer]);
    };
    if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(once);
    else setTimeout(once, 60);
  };
  const lenses = async () => {
    const devices = (await navigator.mediaDevices.enumerateDevices()).filter(({ kind }) => kind === "videoinput");
    lens.closest("label").hidden = devices.length < 2;
    const used = stream.getVideoTracks()[0].getSettings().deviceId;
    const option = ({ deviceId, label }, at) => new Option(label || `${at + 1}`, deviceId, false, deviceId === used);
    lens.replaceChildren(...devices.map(option));
  };
  lens.addEventListener("change", () => start(lens.value));
  toggle.addEventListener("click", () => (stream ? stop() : start()));
  if (!navigator.mediaDevices?.getUserMedia) toggle.hidden = true;
  addEventListener("pagehide", stop);
  document.addEventListener("visibilitychange", () => document.hidden && stop());

  // A scanner that types. Nobody types "HZ1:", so from there on every key is the scanner's, up to Enter, Tab or a rest. Where an input
  // method swallows the letters, the place of the key on the board says which it was (US layout, as scanners are set).
  const SHIFTED = { Digit4: "$", Digit5: "%", Digit8: "*", Equal: "+", Semicolon: ":" };
  const PLAIN = { Space: " ", Minus: "-", Period: ".", Slash: "/" };
  const REST = 2000;
  let typed = "";
  let resting;
  const letter = ({ key, code, shiftKey }) => {
    if (key.length === 1) return key;
    if (/^Key[A-Z]$/.test(code)) return code.at(-1);
    if (shiftKey && SHIFTED[code]) return SHIFTED[code];
    if (/^Digit[0-9]$/.test(code)) return code.at(-1);
    return PLAIN[code] ?? "";
  };
  const done = () => {
    clearTimeout(resting);
    const text = typed;
    typed = "";
    if (text.length > START.length) take(text);
  };
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      const catching = typed.length >= START.length;
      const inField = event.target.matches?.("textarea, input, select");
      if (!catching && inField) return;
      if (catching && ["Enter", "Tab"].includes(event.key)) {
        event.preventDefault();
        return done();
      }
      const one = letter(event);
      if (!one) return;
      typed += one;
      if (typed.length < START.length || catching) {
        if (catching) event.preventDefault();
      }
      if (!START.startsWith(typed.slice(0, START.length).toUpperCase())) {
        typed = START.startsWith(one.toUpperCase()) ? one : "";
        return;
      }
      if (typed.length > LONGEST) typed = "";
      clearTimeout(resting);
      resting = setTimeout(done, REST);
      if (typed.length >= START.length) {
        event.preventDefault();
        status.textContent = words.typing;
      }
    },
    true,
  );

  // Into the field they may be typed or pasted too; each whole line counts at once.
  const field = find("textarea[name=codes]");
  field.addEventListener("input", () => {
    const lines = field.value.split(/\r?\n/);
    for (const line of lines.slice(0, -1)) take(line);
    if (/^HZ1:.*\.$/i.test(lines.at(-1).trim()) && lines.length > 1) take(lines.at(-1));
  });
})();
