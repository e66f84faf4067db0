/**
 * `node bench/patching.ts`: activation patching of every (layer, position, head) in one compiled
 * graph per layer, against one forward run per index, in one process, taking turns. Prints JSON.
 *
 *   --examples N   pairs of prompts in a batch (default 1)
 *   --rounds N     turns of each (default 5)
 *
 * The model: attention only, 2 layers, d_model 64, 4 heads, 32 positions, 64 tokens, so 256 indices
 * for each of the outputs, queries, keys and values. The metrics: a logit difference at the last
 * position, and its mean over all positions. The peers: the same patches as single forward runs,
 * compiled by the same back end with weights, tokens and clean activations already in place, and
 * eager. `ratio` is the time per index of the faster peer over that of the compiled sweep, from the
 * fastest turn of each; `compileMs` is paid once per kind of patch and is not in it.
 */

import { parseArgs } from "node:util";
import * as patching from "../lib/src/analysis/patching/index.ts";
import * as transformerlens from "../lib/src/analysis/transformerlens/index.ts";
import { type Tensor, where } from "../lib/src/arrays/index.ts";
import { type Backend, compile, nativeBackend, type Value } from "../lib/src/compile/index.ts";
import type { NdArray } from "../lib/src/core/nd.ts";
import { getActName, HookedTransformer, type Weights } from "../lib/src/models/index.ts";
import { TorchGenerator } from "../lib/src/rng/index.ts";

const { values: flags } = parseArgs({
  options: {
    examples: { type: "string", default: "1" },
    rounds: { type: "string", default: "5" },
  },
});
const [examples, rounds] = [Number(flags.examples), Number(flags.rounds)];
const [length, heads, layers] = [32, 4, 2];
/** So that a turn of either takes about as long. */
const sweepsPerTurn = 8;

const kinds = {
  out: transformerlens.getActPatchAttnHeadOutByPos,
  q: transformerlens.getActPatchAttnHeadQByPos,
  k: transformerlens.getActPatchAttnHeadKByPos,
  v: transformerlens.getActPatchAttnHeadVByPos,
} as const;

const difference = (rows: Tensor): Tensor =>
  rows
    .at([], [], 3)
    .sub(rows.at([], [], 5))
    .mean(-1);
const metrics: { readonly [name: string]: patching.Metric } = {
  lastPosition: (logits) => difference(logits.at([], [length - 1, length])),
  allPositions: (logits) => difference(logits),
};

const model = await HookedTransformer.create(
  {
    nLayers: layers,
    attnOnly: true,
    dModel: 64,
    dHead: 16,
    nHeads: heads,
    nCtx: length,
    dVocab: 64,
  },
  { seed: 1 },
);
type Model = typeof model;
const rng = new TorchGenerator(2);
const someTokens = (): NdArray => ({
  dtype: "int32",
  shape: [examples, length],
  data: rng.randint(0, 64, examples * length),
});
const [clean, corrupted] = [someTokens(), someTokens()];
const { cache } = model.runWithCache(clean);

async function timed(f: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await f();
  return performance.now() - start;
}

/** One forward run with one patch, compiled: milliseconds for each index are those of `run()`. */
async function singleRun(backend: Backend, from: Model, name: string, metric: patching.Metric) {
  const source = await cache.get(name).read();
  const mask: NdArray = {
    dtype: "bool",
    shape: [1, length, heads, 1],
    data: new Uint8Array(length * heads),
  };
  mask.data[5 * heads + 1] = 1;
  const weights = await from.stateDict();
  const single = await compile(
    (w: Weights, tokens: Tensor, replaced: Tensor, chosen: Tensor) =>
      metric(
        from.model.forward(w, from.config, tokens, (point, x) =>
          point === name ? where(chosen, replaced, x) : x,
        ),
      ),
    [weights, corrupted, source, mask],
    { backend },
  );
  const inPlace = Object.fromEntries(
    Object.entries(weights).map(([key, w]) => [key, backend.upload(w)]),
  );
  const [tokens, replaced] = [backend.upload(corrupted), backend.upload(source)];
  return async (): Promise<void> => {
    const value = (await single.run(inPlace, tokens, replaced, mask)) as Value;
    await value.read();
    value.dispose();
  };
}

async function race(backend: Backend, kind: keyof typeof kinds, metricName: string) {
  const metric = metrics[metricName] as patching.Metric;
  const patch = kinds[kind];
  const indices = layers * length * heads;
  const shape = [examples, length] as const;
  const start = performance.now();
  const sweep = await patching.compileActPatch(patch, model, metric, { backend, shape });
  const compileMs = performance.now() - start;
  const { activation, axes, setter } = patch.family;
  const singles = await Promise.all(
    Array.from({ length: layers }, (_, layer) =>
      singleRun(backend, model, getActName(activation, layer), metric),
    ),
  );
  const few = Array.from({ length: 8 }, (_, i) => [i % layers, 3 * i, i % heads]);
  const turns = { batched: [] as number[], compiled: [] as number[], eager: [] as number[] };
  for (let round = 0; round <= rounds; round++) {
    const batched = await timed(async () => {
      for (let i = 0; i < sweepsPerTurn; i++) await sweep.run(corrupted, cache);
    });
    let compiled = 0;
    for (const run of singles) {
      compiled += await timed(async () => {
        for (let i = 0; i < indices / layers; i++) await run();
      });
    }
    const eager = await timed(() =>
      transformerlens.genericActivationPatch(
        model,
        corrupted,
        cache,
        metric,
        setter,
        activation,
        axes,
        {
          indices: few,
        },
      ),
    );
    if (round === 0) continue;
    turns.batched.push(batched / indices / sweepsPerTurn);
    turns.compiled.push(compiled / indices);
    turns.eager.push(eager / (few.length + 1));
  }
  await sweep.release();
  const [batched, compiled, eager] = [turns.batched, turns.compiled, turns.eager].map((all) =>
    Math.min(...all),
  ) as [number, number, number];
  const ratio = Math.min(compiled, eager) / batched;
  return { kind, metric: metricName, ratio, batched, compiled, eager, compileMs };
}

const backend = await nativeBackend();
const rows: Awaited<ReturnType<typeof race>>[] = [];
for (const metric of Object.keys(metrics)) {
  for (const kind of Object.keys(kinds) as (keyof typeof kinds)[]) {
    rows.push(await race(backend, kind, metric));
  }
}

/** Time of all kinds of patches, single over batched. */
function ratioOf(some: typeof rows): { readonly [peer: string]: number } {
  const total = (pick: (row: (typeof rows)[number]) => number): number =>
    some.reduce((sum, row) => sum + pick(row), 0);
  const batched = total((row) => row.batched);
  const [compiled, eager] = [total((row) => row.compiled), total((row) => row.eager)];
  return {
    ratio: Math.min(compiled, eager) / batched,
    overCompiled: compiled / batched,
    overEager: eager / batched,
  };
}

const round = (value: number): number => Number(value.toPrecision(4));
const rounded = (all: { readonly [key: string]: number | string }) =>
  Object.fromEntries(
    Object.entries(all).map(([key, x]) => [key, typeof x === "number" ? round(x) : x]),
  );
console.log(
  JSON.stringify(
    {
      examples,
      indices: layers * length * heads,
      msPerIndex: rows.map(rounded),
      ratios: Object.fromEntries(
        Object.keys(metrics).map((name) => [
          name,
          rounded(ratioOf(rows.filter(({ metric }) => metric === name))),
        ]),
      ),
    },
    null,
    1,
  ),
);
process.exit(0);
