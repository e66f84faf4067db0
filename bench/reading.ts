/**
 * `node bench/reading.ts`: reading logits, attention and neurons of all 12,769 pairs of modular addition
 * with a cache, compiled by `Readings`, against a forward pass written by hand with a hook, in one
 * process, taking turns. Prints JSON.
 *
 *   --rounds N     turns of each (default 7)
 *
 * `ratio` is the median over turns of the time of the reading over that of the hand-made pass right
 * before it, so that load on the machine concerns both. The hand-made pass compiles in every turn, as it
 * did where it was used; `Readings` compiles once, and for `ratioCompiled` in every turn too. The first
 * turn is left out.
 */

import { parseArgs } from "node:util";
import { init, type Tensor } from "../lib/src/arrays/index.ts";
import { compile, nativeBackend, type Value } from "../lib/src/compile/index.ts";
import type { NdArray } from "../lib/src/core/nd.ts";
import { hookedTransformer, Readings, type Weights } from "../lib/src/models/index.ts";
import { modularAdditionParams } from "../lib/src/studies/modular-addition/params.ts";
import { plan } from "../lib/src/studies/modular-addition/plan.ts";
import { lastPosition } from "../lib/src/studies/shared/modular-arithmetic/measure.ts";
import { allPairs } from "../lib/src/studies/shared/modular-arithmetic/split.ts";

const { values: flags } = parseArgs({ options: { rounds: { type: "string", default: "7" } } });
await init();
const backend = await nativeBackend();
const { config, initial } = plan(modularAdditionParams.parse({}));
const tokens = allPairs(113);
const specOf = ({ dtype, shape }: NdArray) => ({ dtype, shape });

async function handMade(): Promise<Record<string, NdArray>> {
  const pass = (weights: Weights, t: Tensor) => {
    const seen = new Map<string, Tensor>();
    const logits = hookedTransformer.forward(weights, config, t, (name, x) => {
      seen.set(name, x);
      return x;
    });
    const at = (name: string) => seen.get(`blocks.0.${name}`) as Tensor;
    return {
      logits: logits.at([], -1),
      pattern: at("attn.hook_pattern").at([], [], -1),
      pre: at("mlp.hook_pre").at([], -1),
      post: at("mlp.hook_post").at([], -1),
    };
  };
  const specs = Object.entries(initial).map(([name, w]) => [name, specOf(w)] as const);
  const run = await compile(pass, [Object.fromEntries(specs), specOf(tokens)], { backend });
  try {
    const read: Record<string, NdArray> = {};
    const outputs = (await run.run(initial, tokens)) as Record<string, Value>;
    for (const [name, value] of Object.entries(outputs)) {
      read[name] = await value.read();
      value.dispose();
    }
    return read;
  } finally {
    await run.release();
  }
}

const kind = { model: hookedTransformer, config };
await using kept = new Readings(backend);
const ways = {
  handMade,
  reading: () => kept.run(lastPosition, kind, initial, tokens),
  async readingCompiled() {
    await using fresh = new Readings(backend);
    return await fresh.run(lastPosition, kind, initial, tokens);
  },
};
type Way = keyof typeof ways;
const times: Record<Way, number[]> = { handMade: [], reading: [], readingCompiled: [] };
let difference = 0;
for (let round = 0; round < Number(flags.rounds); round++) {
  let expected: NdArray | undefined;
  for (const [name, way] of Object.entries(ways)) {
    const start = performance.now();
    const { logits } = (await way()) as { readonly logits: NdArray };
    times[name as Way].push(performance.now() - start);
    expected ??= logits;
    for (let i = 0; i < logits.data.length; i++) {
      const off = Math.abs((logits.data[i] as number) - (expected.data[i] as number));
      difference = Math.max(difference, off);
    }
  }
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] as number;
const ratioOf = (way: Way): number =>
  median(times[way].map((time, i) => time / (times.handMade[i] as number)).slice(1));
console.log(
  JSON.stringify({
    ratio: ratioOf("reading"),
    ratioCompiled: ratioOf("readingCompiled"),
    medianMs: Object.entries(times).map(([name, list]) => [name, Math.round(median(list))]),
    largestDifference: difference,
  }),
);
