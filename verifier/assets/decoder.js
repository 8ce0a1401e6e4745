// Reads QR codes beside the page, so that the picture never stutters. In: {id, width, height, data} as RGBA; out: {id, text} or
// {id, text: null} where there is none to be read.
import { decodeQR } from "./decode.js";

// Codes fill most of the picture; a second try at half its size finds those that are too sharp or too near.
const TIME = 120;

addEventListener("message", ({ data: { id, width, height, data } }) => {
  let text = null;
  try {
    text = decodeQR({ width, height, data: new Uint8ClampedArray(data) }, { effort: 4, timeLimit: TIME });
  } catch {
    // No code in this picture.
  }
  postMessage({ id, text });
});
