/** A Web-Worker-like global, without which jax-js runs on one thread in Node. */

import { resolveObjectURL } from "node:buffer";
import { Worker as NodeWorker } from "node:worker_threads";

const prelude = `
const { parentPort } = require("node:worker_threads");
globalThis.self = globalThis;
globalThis.postMessage = (message) => parentPort.postMessage(message);
parentPort.on("message", (data) => globalThis.onmessage?.({ data }));
`;

class BlobWorker {
  onmessage: ((event: { data: unknown }) => void) | undefined;
  private worker: NodeWorker | undefined;
  private readonly waiting: unknown[] = [];

  constructor(url: string | URL) {
    void this.start(String(url));
  }

  postMessage(message: unknown): void {
    if (this.worker === undefined) this.waiting.push(message);
    else this.worker.postMessage(message);
  }

  terminate(): void {
    void this.worker?.terminate();
  }

  private async start(url: string): Promise<void> {
    const blob = resolveObjectURL(url);
    if (blob === undefined) throw new Error(`no blob at ${url}`);
    const worker = new NodeWorker(prelude + (await blob.text()), { eval: true });
    worker.unref();
    worker.on("message", (data) => this.onmessage?.({ data }));
    for (const message of this.waiting) worker.postMessage(message);
    this.worker = worker;
  }
}

/** Call before jax-js is imported; it takes one thread per core. */
export function enableWasmThreads(): void {
  Object.assign(globalThis, { Worker: BlobWorker, crossOriginIsolated: true });
}
