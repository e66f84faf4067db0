/** A small plan for tests: addition modulo 7 by a one-layer transformer of width 8. */

import { nd } from "../../core/nd.ts";
import { hookedTransformer } from "../../models/hooked-transformer/index.ts";
import { TorchGenerator } from "../../rng/index.ts";
import { modularArithmetic } from "../../tasks/index.ts";
import type { Examples } from "../../tasks/task.ts";
import type { ExampleStream, TrainingPlan } from "../plan.ts";

export function smallPlan(changes: Partial<TrainingPlan> = {}): TrainingPlan {
  const config = hookedTransformer.config.parse({
    nLayers: 1,
    dModel: 8,
    nCtx: 3,
    dHead: 4,
    nHeads: 2,
    dMlp: 16,
    dVocab: 8,
    dVocabOut: 7,
    actFn: "relu",
    normalizationType: null,
  });
  const initial = hookedTransformer.init(config, new TorchGenerator(1));
  const plan = {
    model: hookedTransformer,
    config,
    initial,
    split: modularArithmetic.split(
      { operation: "a+b", p: 7, trainFraction: 0.6 },
      new TorchGenerator(2),
    ),
    batchSize: "full",
    batchSeed: 3,
    steps: 30,
    evalEvery: 4,
    checkpointEvery: 10,
    optimizer: { name: "adamw", lr: 1e-2, betas: [0.9, 0.98], weightDecay: 1 },
    schedule: { name: "constant" },
    frozen: Object.keys(initial).filter((name) => name.includes(".b_")),
  } as const satisfies TrainingPlan<typeof config>;
  return { ...(plan as unknown as TrainingPlan), ...changes };
}

/** Random pairs modulo 7 for `smallPlan`, from a generator at `seed`. */
export function smallStream(seed: number): ExampleStream {
  const stream: ExampleStream<number> = {
    params: 7,
    generator: new TorchGenerator(seed).state(),
    draw: drawPairs,
  };
  return stream as ExampleStream;
}

function drawPairs(p: number, generator: TorchGenerator, count: number): Examples {
  const drawn = generator.randint(0, p, 2 * count);
  const pair = (row: number): [number, number] => [
    drawn[2 * row] as number,
    drawn[2 * row + 1] as number,
  ];
  const rows = Array.from({ length: count }, (_, row) => pair(row));
  return {
    tokens: nd(
      "int32",
      [count, 3],
      rows.flatMap(([a, b]) => [a, b, p]),
    ),
    labels: nd(
      "int32",
      [count],
      rows.map(([a, b]) => (a + b) % p),
    ),
  };
}
