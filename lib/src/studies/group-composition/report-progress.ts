/** The part of the article about the way there. */

import { type RepresentationAnalysis, rows } from "../../analysis/index.ts";
import type { NdArray } from "../../core/nd.ts";
import { lines } from "../../figures/index.ts";
import { list, number } from "../shared/words.ts";
import type { ReportSection } from "../study.ts";
import type { Progress } from "./results.ts";

/** Lines for so many representations at most. */
const MOST_LINES = 12;

export function progressSection(
  progress: Progress,
  { keyRepresentations, losses }: RepresentationAnalysis,
): ReportSection {
  const { steps, test, restricted, excluded, squaredWeights } = progress;
  const shown = (keyRepresentations.length > 0 ? keyRepresentations : progress.irreps).slice(
    0,
    MOST_LINES,
  );
  const over = (table: NdArray) =>
    shown.map((name) => ({ name, y: columnOf(table, progress.irreps.indexOf(name)) }));
  return {
    title: "How the representations grow",
    prose: [
      `The same measurements at every checkpoint, with the final key representations ${list(shown)}. *Restricted*: the hidden layer keeps only their ρ(ab); *excluded*: it loses it. At the end the restricted loss is ${number(losses.hiddenRestricted)} nats and the excluded loss ${number(losses.hiddenExcluded)}.`,
    ],
    figures: [
      {
        id: "progress-similarity",
        title: "Logit similarity during training",
        see: "Cosine between the logits and each representation's χ(abc⁻¹). The representations rise while the test loss still stands high.",
        figure: lines({
          x: steps,
          series: over(progress.similarity),
          xLabel: "step",
          yLabel: "cosine",
        }),
      },
      {
        id: "progress-embedding",
        title: "Shares of the embedding during training",
        see: "Share of the folded embeddings (mean of a and b) in each representation. At first every representation has about its d² of the dimensions; in the end a few have all.",
        figure: lines({
          x: steps,
          series: over(progress.embedding),
          xLabel: "step",
          yLabel: "share",
        }),
      },
      {
        id: "progress-losses",
        title: "Test, restricted and excluded loss",
        see: "Excluded loss (training pairs) rises as the network comes to rely on the representations; restricted loss (all pairs) falls below the test loss.",
        figure: lines({
          x: steps,
          series: [
            { name: "test", y: test },
            { name: "restricted", y: restricted },
            { name: "excluded", y: excluded },
          ],
          xLabel: "step",
          yLabel: "loss (nats)",
          logY: true,
        }),
      },
      {
        id: "progress-weights",
        title: "Sum of squared weights",
        see: "Weight decay makes memory expensive: the norm falls as the general solution takes over.",
        figure: lines({
          x: steps,
          series: [{ name: "sum of squares", y: squaredWeights }],
          xLabel: "step",
          yLabel: "sum of squared weights",
        }),
      },
    ],
  };
}

function columnOf(table: NdArray, column: number): Float64Array {
  const width = table.shape[1] as number;
  const whole = rows("progress", table, 0, table.shape[0] as number).data;
  return whole.filter((_, at) => at % width === column);
}
