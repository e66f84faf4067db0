/**
 * `node bench/reading.ts`: reading logits, attention and neurons of all 12,769
 * pairs of modular addition with a cache, compiled by `Readings`, against the hand-made forward pass,
 * in one process, taking turns. Prints JSON.
 *
 *   --rounds N     turns of each (default 7)
 *
 * `ratio` is the median over turns of the time of the reading over that of the hand-made pass; a pair of
 * turns is measured one right after the other, so that load on the machine concerns both. `first` is the
 * same of the first turn of each, in which both compile; afterwards `Readings` does not compile again,
 * and the hand-made pass does, so `ratioCompiled` compiles the reading in every turn too.
 */

import { parseArgs } from "node:util";
import { init } from "../lib/src/arrays/index.ts";
import { nativeBackend } from "../lib/src/compile/index.ts";
import { hookedTransformer, Readings } from "../lib/src/models/index.ts";
import { pairActivations } from "../lib/src/studies/modular-addition/forward.ts";
import { modularAdditionParams } from "../lib/src/studies/modular-addition/params.ts";
import { plan } from "../lib/src/studies/modular-addition/plan.ts";
import { lastPosition } from "../lib/src/studies/modular-arithmetic/measure.ts";
import { allPairs } from "../lib/src/studies/modular-arithmetic/split.ts";

const { values: flags } = parseArgs({ options: { rounds: { type: "string", default: "7" } } });
const rounds = Number(flags.rounds);
await init();
const backend = await nativeBackend();
const { config, initial } = plan(modularAdditionParams.parse({}));
const tokens = allPairs(113);
const kind = { model: hookedTransformer, config };
await using kept = new Readings(backend);

const ways = {
  handMade: () => pairActivations(backend, hookedTransformer, config, initial, 113),
  reading: () => kept.run(lastPosition, kind, initial, tokens),
  async readingCompiled() {
    await using fresh = new Readings(backend);
    return await fresh.run(lastPosition, kind, initial, tokens);
  },
} as const;

const times: Record<keyof typeof ways, number[]> = {
  handMade: [],
  reading: [],
  readingCompiled: [],
};
let difference = 0;
for (let round = 0; round < rounds; round++) {
  const outputs = [];
  for (const [name, way] of Object.entries(ways)) {
    const start = performance.now();
    outputs.push(await way());
    times[name as keyof typeof ways].push(performance.now() - start);
  }
  const [hand, ...readings] = outputs.map(({ logits }) => logits.data);
  for (const logits of readings) {
    for (let i = 0; i < logits.length; i++) {
      difference = Math.max(difference, Math.abs((logits[i] as number) - (hand?.[i] as number)));
    }
  }
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] as number;
const over = (list: readonly number[]) =>
  list.map((time, i) => time / (times.handMade[i] as number));
const later = (list: readonly number[]) => list.slice(1);
console.log(
  JSON.stringify({
    ratio: median(later(over(times.reading))),
    ratioCompiled: median(later(over(times.readingCompiled))),
    first: over(times.reading)[0],
    medianMs: Object.fromEntries(
      Object.entries(times).map(([name, list]) => [name, Math.round(median(list))]),
    ),
    largestDifference: difference,
  }),
);
