/** For tests: the same model without tables or classes, one sequence after the other. */

import type { WeightArrays } from "../../../models/index.ts";
import { type MaxCircuits, sequenceCount } from "../index.ts";

/** Sequences whose largest logit is that of the largest number, by the definition of `MaxCircuits`. */
export function countOneByOne(circuits: MaxCircuits): number {
  const { vocab, free, queryCounts } = circuits;
  const length = queryCounts ? free + 1 : free;
  let correct = 0;
  for (let row = 0; row < sequenceCount(circuits); row++) {
    const tokens = Array.from({ length }, (_, pos) => Math.floor(row / vocab ** pos) % vocab);
    const query = queryCounts ? (tokens[free] as number) : 0;
    const logits = tableLogits(circuits, tokens.slice(0, free), query);
    if (logits.indexOf(Math.max(...logits)) === Math.max(...tokens)) correct += 1;
  }
  return correct;
}

function tableLogits(circuits: MaxCircuits, tokens: readonly number[], query: number): number[] {
  const { vocab, free, direct, copy, self, position, keys, placeKeys, selfKeys } = circuits;
  const place = (pos: number): number => placeKeys.data[query * (free + 1) + pos] as number;
  const scores = tokens.map(
    (token, pos) => (keys.data[query * vocab + token] as number) + place(pos),
  );
  const weights = [...scores, (selfKeys[query] as number) + place(free)].map((x) => Math.exp(x));
  const sum = weights.reduce((total, x) => total + x, 0);
  return Array.from({ length: vocab }, (_, out) => {
    let logit = direct.data[query * vocab + out] as number;
    for (const [pos, weight] of weights.entries()) {
      const value =
        pos < free
          ? copy.data[(tokens[pos] as number) * vocab + out]
          : self.data[query * vocab + out];
      const added = (value as number) + (position.data[pos * vocab + out] as number);
      logit += (weight / sum) * added;
    }
    return logit;
  });
}

/** Logits of the last position from the weights, head and layer by their formulas. */
export function logitsOneByOne(weights: WeightArrays, tokens: readonly number[]): number[] {
  const table = (name: string): number[][] => {
    const { shape, data } = weights[name] as { shape: readonly number[]; data: ArrayLike<number> };
    const [rows, columns] = shape.slice(-2) as [number, number];
    return Array.from({ length: rows }, (_, i) =>
      Array.from({ length: columns }, (_, j) => data[i * columns + j] as number),
    );
  };
  const times = (x: readonly number[], matrix: readonly (readonly number[])[]): number[] =>
    (matrix[0] as number[]).map((_, j) =>
      x.reduce((sum, value, i) => sum + value * (matrix[i]?.[j] as number), 0),
    );
  const [E, P] = [table("embed.W_E"), table("pos_embed.W_pos")];
  const residual = tokens.map((token, pos) =>
    (E[token] as number[]).map((value, i) => value + (P[pos]?.[i] as number)),
  );
  const head = (letter: string) => table(`blocks.0.attn.W_${letter}`);
  const last = residual.at(-1) as number[];
  const query = times(last, head("Q"));
  const scores = residual.map((x) =>
    times(x, head("K")).reduce((sum, key, i) => sum + key * (query[i] as number), 0),
  );
  const exps = scores.map((score) => Math.exp(score / Math.sqrt(query.length)));
  const total = exps.reduce((sum, x) => sum + x, 0);
  const mixed = query.map((_, i) =>
    residual.reduce(
      (sum, x, pos) => sum + ((exps[pos] as number) / total) * (times(x, head("V"))[i] as number),
      0,
    ),
  );
  const written = times(mixed, head("O"));
  return times(
    last.map((value, i) => value + (written[i] as number)),
    table("unembed.W_U"),
  );
}
