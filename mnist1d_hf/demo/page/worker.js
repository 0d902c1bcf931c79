// Runs sweeps beside the page. Messages in: { data } first, then a request (see `sweep`), or { stop: true }.

import { setData } from "./data.js";
import { sweep } from "./sweep.js";

let latest = null;

self.addEventListener("message", ({ data: message }) => {
  if (message.data) {
    setData(message.data);
    return;
  }
  latest = message;
  if (!message.stop) sweep(message, (answer) => self.postMessage(answer), () => latest === message);
});
