/** Trains a small transformer away from the page's own thread, so that the page stays responsive. */

import { jaxBackend, webBackend } from "tinylens/compile";
import { hookedTransformer } from "tinylens/models";
import { TorchGenerator } from "tinylens/rng";
import { modularArithmetic } from "tinylens/tasks";
import { type TrainingPlan, train } from "tinylens/train";
import type { Message } from "./messages.ts";

const size = { nLayers: 1, nCtx: 3, dModel: 32, dHead: 8, dVocab: 14, dVocabOut: 13 };
const config = hookedTransformer.config.parse({ ...size, normalizationType: null });
const params = modularArithmetic.params.parse({ p: 13, trainFraction: 0.8 });
const plan: TrainingPlan = {
  model: hookedTransformer,
  config,
  initial: hookedTransformer.init(config, new TorchGenerator(0)),
  split: modularArithmetic.split(params, new TorchGenerator(0)),
  batchSize: "full",
  batchSeed: 0,
  steps: 100,
  evalEvery: 20,
  checkpointEvery: 100,
  optimizer: { name: "adamw", lr: 1e-2 },
  schedule: { name: "constant" },
  frozen: [],
};

function send(message: Message): void {
  self.postMessage(message);
}

async function work(name: string): Promise<void> {
  const load = () => import("onnxruntime-web/wasm");
  const backend = name === "web" ? await webBackend({ load }) : await jaxBackend();
  for await (const event of train(plan, backend)) {
    if (event.kind === "metrics") {
      send({ kind: "row", step: event.row.step, loss: event.row.trainLoss });
    }
  }
  send({ kind: "done" });
}

self.onmessage = ({ data }: MessageEvent<string>) => {
  work(data).catch((error: unknown) => send({ kind: "failed", message: String(error) }));
};
