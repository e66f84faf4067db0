/**
 * tinylens's own training step of `modular-addition`, as a contestant: the plan of the study at any
 * size, on the native back end, or on jax-js's jit with `--device jax`. Other options as in
 * `peers/modular-addition.ts`.
 */

import { stepperOf } from "tinylens/cli/bench";
import { type Backend, nativeBackend } from "tinylens/compile";
import { jaxBackend } from "tinylens/compile/backends/jax";
import { hookedTransformer } from "tinylens/models";
import { TorchGenerator } from "tinylens/rng";
import { modularArithmetic } from "tinylens/tasks";
import type { TrainingPlan } from "tinylens/train";
import { options, type Sizes } from "./peers/modular-addition.ts";
import { run } from "./peers/protocol.ts";

const devices: Readonly<Record<string, () => Promise<Backend>>> = {
  native: () => nativeBackend(),
  jax: () => jaxBackend(),
};

function planOf({ p, dModel, heads, dMlp }: Sizes): TrainingPlan {
  const config = hookedTransformer.config.parse({
    ...{ nLayers: 1, nCtx: 3, nHeads: heads, dModel, dHead: dModel / heads, dMlp },
    ...{ dVocab: p + 1, dVocabOut: p, normalizationType: null, initOrder: "pre-1.13" },
  });
  const params = modularArithmetic.params.parse({ p });
  const plan: TrainingPlan<typeof config> = {
    model: hookedTransformer,
    config,
    initial: hookedTransformer.init(config, new TorchGenerator(999)),
    split: modularArithmetic.split(params, new TorchGenerator(598)),
    batchSize: "full",
    batchSeed: 0,
    steps: 100_000,
    evalEvery: 1000,
    checkpointEvery: 1000,
    optimizer: { name: "adamw", lr: 1e-3, betas: [0.9, 0.98], weightDecay: 1 },
    schedule: { name: "constant" },
    frozen: hookedTransformer
      .parameters(config)
      .map(({ name }) => name)
      .filter((name) => name.includes(".b_")),
  };
  return plan as TrainingPlan;
}

const at = process.argv.indexOf("--device");
const device = at < 0 ? "native" : (process.argv[at + 1] ?? "");
const backend = devices[device];
if (backend === undefined) throw new Error(`--device: native or jax, got ${device}`);
const { sizes, steps, threads, serve } = options();
const stepper = await stepperOf(planOf(sizes), await backend(), threads);
await run(
  { name: `tinylens (${device})`, threads: stepper.threads, step: () => stepper.step() },
  steps,
  serve,
);
process.exit(0);
