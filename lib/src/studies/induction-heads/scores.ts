/** Scores of heads: where they attend when a subsequence comes back, and which stand out. */

import { type AttentionPair, attentionOnPairs } from "../../analysis/head-detector/index.ts";
import { type NdArray, nd } from "../../core/nd.ts";
import type { InductionExamples, InductionLayout } from "../../tasks/index.ts";

/** Measurements rest on this module too. */
export const scoring = import.meta.url;

export type Head = readonly [layer: number, head: number];
/** One number for each head, "layer head". */
export type HeadTable = readonly (readonly number[])[];

/** Where a head of each kind attends where a subsequence comes back. */
type Kind = "previous" | "previousLater" | "duplicate" | "induction";

export function pairsOf(
  { starts }: Pick<InductionExamples, "starts">,
  { copies, copyLength }: InductionLayout,
) {
  const pairs: Record<Kind, AttentionPair[]> = {
    previous: [],
    previousLater: [],
    duplicate: [],
    induction: [],
  };
  for (let row = 0; row < (starts.shape[0] as number); row++) {
    const begin = (copy: number): number => starts.data[row * copies + copy] as number;
    for (let i = 1; i < copyLength; i++) {
      pairs.previous.push([row, begin(0) + i, begin(0) + i - 1]);
      for (let copy = 1; copy < copies; copy++) {
        const dest = begin(copy) + i - 1;
        pairs.previousLater.push([row, dest + 1, dest]);
        for (let earlier = 0; earlier < copy; earlier++) {
          pairs.duplicate.push([row, dest, begin(earlier) + i - 1]);
          pairs.induction.push([row, dest, begin(earlier) + i]);
        }
      }
    }
  }
  return pairs;
}

/** Attention "layer batch head dest src" in one pass, and where the copies of its sequences begin. */
interface Seen {
  readonly patterns: NdArray;
  readonly starts: NdArray;
}

/** Mean attention of each head on the pairs of each kind, over passes of as many sequences. */
export function scoresOf(seen: readonly Seen[], layout: InductionLayout) {
  const pairs = seen.map((one) => pairsOf(one, layout));
  const table = (kind: Kind): HeadTable =>
    Array.from({ length: seen[0]?.patterns.shape[0] ?? 0 }, (_, layer) => {
      const each = seen.map(({ patterns: { shape, data } }, pass) => {
        const [layers = 1, ...rest] = shape;
        const size = data.length / layers;
        const pattern = nd("float32", rest, data.subarray(layer * size, (layer + 1) * size));
        return Array.from(attentionOnPairs(pattern, pairs[pass]?.[kind] ?? []).data, Number);
      });
      return (each[0] ?? []).map((_score, head) => mean(each.map((one) => one[head] as number)));
    });
  return {
    /** From the tokens of the first copy, and of later copies, to the token before. */
    previous: table("previous"),
    previousLater: table("previousLater"),
    /** From the tokens of later copies to the same token in earlier copies. */
    duplicate: table("duplicate"),
    /** From the tokens of later copies to what followed the same token in earlier copies. */
    induction: table("induction"),
  };
}

/** The same for a head that attends to all it sees alike. */
export function evenly(pairs: readonly AttentionPair[]): number {
  const asked = new Set(pairs.map(([row, dest]) => `${row} ${dest}`));
  return pairs.reduce((sum, [, dest]) => sum + 1 / (dest + 1), 0) / asked.size;
}

/** The heads with at least half of the largest score. */
export function strong(scores: HeadTable): Head[] {
  const least = Math.max(...scores.flat()) / 2;
  return scores.flatMap((row, layer) =>
    row.flatMap((score, head) => (score >= least ? [[layer, head] as const] : [])),
  );
}

/** As TransformerLens writes a head: "L1H0". */
export function headName([layer, head]: Head): string {
  return `L${layer}H${head}`;
}

export function scoreOf(scores: HeadTable, [layer, head]: Head): number {
  return scores[layer]?.[head] ?? Number.NaN;
}

/** The head with the largest score. */
export function strongest(scores: HeadTable): Head {
  const best = Math.max(...scores.flat());
  const layer = scores.findIndex((row) => row.includes(best));
  return [layer, scores[layer]?.indexOf(best) ?? -1];
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
