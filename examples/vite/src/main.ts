/** The page: starts the worker and shows what it sends. `?backend=web` trains with ONNX Runtime. */

import type { Message } from "./messages.ts";

const status = document.querySelector("#status") as HTMLElement;
const log = document.querySelector("#log") as HTMLElement;

const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
worker.onmessage = ({ data }: MessageEvent<Message>) => {
  if (data.kind === "row") {
    status.textContent = "training";
    log.textContent += `step ${data.step}: loss ${data.loss.toFixed(4)}\n`;
  } else {
    status.textContent = data.kind === "done" ? "done" : `failed: ${data.message}`;
  }
};
worker.onerror = ({ message }) => {
  status.textContent = `failed: ${message}`;
};
worker.postMessage(new URLSearchParams(location.search).get("backend") ?? "jax");
