/** The part of the article about attention: what the last token looks at. */

import type { AttentionAnalysis } from "../../analysis/index.ts";
import { rows } from "../../analysis/index.ts";
import type { NdArray } from "../../core/nd.ts";
import { facets, heatmap } from "../../figures/index.ts";
import { number } from "../shared/words.ts";
import type { ReportSection } from "../study.ts";

export function attentionSection({ mean, toFirst }: AttentionAnalysis): ReportSection {
  const heads = mean.shape[0] as number;
  const [first, second, self] = [0, 1, 2].map((src) => average(mean, src));
  return {
    title: "Attention: it reads both numbers",
    prose: [
      "Only the last token, `=`, has to answer. Its attention moves the two numbers to where the answer is computed.",
    ],
    figures: [
      {
        id: "attention-mean",
        title: "Mean attention of the last token",
        see: `Averages over all pairs, one row per head. Over the heads, a gets ${number(first ?? 0)}, b gets ${number(second ?? 0)} and = gets ${number(self ?? 0)}.`,
        figure: heatmap({
          z: mean,
          x: ["a", "b", "="],
          y: headNames(heads),
          xLabel: "attended token",
          yLabel: "head",
          sequential: true,
          annotate: true,
          valueFormat: ".3f",
          aspect: "auto",
          height: 80 + 44 * heads,
        }),
      },
      {
        id: "attention-maps",
        title: "Attention from = to a, for every pair",
        see: "One map per head: a runs down, b runs across. Stripes and lattices mean that attention itself is periodic in a and b.",
        figure: facets({
          panels: headNames(heads).map((title, head) => ({ title, z: mapOf(toFirst, head) })),
          columns: Math.min(heads, 2),
          xLabel: "b",
          yLabel: "a",
          sequential: true,
        }),
      },
    ],
  };
}

/** One [p, p] map out of "head a b" or "neuron a b". */
export function mapOf(maps: NdArray, which: number): NdArray {
  const [, height, width] = maps.shape as [number, number, number];
  const { data } = rows("maps", maps, which, which + 1);
  return { dtype: "float64", shape: [height, width], data };
}

export function headNames(heads: number): string[] {
  return Array.from({ length: heads }, (_, head) => `head ${head}`);
}

function average(mean: NdArray, src: number): number {
  const [heads, width] = mean.shape as [number, number];
  let sum = 0;
  for (let head = 0; head < heads; head++) sum += mean.data[head * width + src] as number;
  return sum / heads;
}
