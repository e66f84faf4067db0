/** The part of the article about progress measures over training. */

import type { ProgressMeasures } from "../../analysis/index.ts";
import { rows } from "../../analysis/index.ts";
import { animation, lines } from "../../figures/index.ts";
import { list, number } from "../shared/words.ts";
import type { ReportFigure, ReportSection } from "../study.ts";
import type { Progress } from "./circuit.ts";
import type { CircuitResults } from "./results.ts";

export function progressSection({ analysis, progress }: CircuitResults): ReportSection[] {
  if (progress === null) return [];
  const { restricted, excluded, full } = analysis.progress;
  return [
    {
      title: "The circuit grows before the test loss falls",
      prose: [
        `*Restricted loss* keeps only the key frequencies ${list(analysis.keyFrequencies)} of the logits; *excluded loss* removes them (Nanda et al. 2023). At the end the full loss is ${number(full.all)} nats, the restricted ${number(restricted.all)}, the excluded ${number(excluded.all)}.`,
        "Both move smoothly while the test loss still stands high: the circuit forms during the plateau, and what ends with grokking is the cleaning up of what was memorised.",
      ],
      figures: [lossesFigure(progress), excludedFigure(progress), ...weightFigures(progress)],
    },
  ];
}

function over(
  { measures }: Progress,
  value: (of: ProgressMeasures) => number | null,
): Float64Array {
  return Float64Array.from(measures, (of) => value(of) ?? Number.NaN);
}

function lossesFigure(progress: Progress): ReportFigure {
  return {
    id: "progress-losses",
    title: "Full, restricted and excluded loss over training",
    see: "When the restricted loss (of all pairs) falls below the full loss, the key frequencies alone answer better than the whole network: the rest is memory, and noise on unseen pairs.",
    figure: lines({
      x: progress.steps,
      series: [
        { name: "train", y: over(progress, (of) => of.full.train) },
        { name: "test", y: over(progress, (of) => of.full.test) },
        { name: "restricted", y: over(progress, (of) => of.restricted.all) },
        { name: "excluded (train)", y: over(progress, (of) => of.excluded.all) },
      ],
      xLabel: "step",
      yLabel: "loss (nats)",
      logY: true,
    }),
  };
}

function excludedFigure(progress: Progress): ReportFigure {
  const frequencies = progress.measures[0]?.excluded.frequencies ?? [];
  return {
    id: "progress-excluded",
    title: "Excluded loss, one frequency at a time",
    see: "Training loss without one key frequency. While the model only memorises, taking one away costs nothing; as its circuit forms, each becomes needed.",
    figure: lines({
      x: progress.steps,
      series: frequencies.map((frequency, i) => ({
        name: `without ${frequency}`,
        y: over(progress, (of) => of.excluded.each[i] ?? Number.NaN),
      })),
      xLabel: "step",
      yLabel: "loss (nats)",
      logY: true,
    }),
  };
}

function weightFigures(progress: Progress): ReportFigure[] {
  const { frequencyNorms, steps } = progress;
  const freqs = frequencyNorms.shape[1] as number;
  return [
    {
      id: "progress-gini",
      title: "Gini coefficients of the Fourier components",
      see: "0: all components alike; 1: all in one. They rise as the weights concentrate on few frequencies.",
      figure: lines({
        x: steps,
        series: [
          { name: "W_E", y: over(progress, (of) => of.giniEmbedding) },
          { name: "W_L", y: over(progress, (of) => of.giniLogitMap) },
        ],
        xLabel: "step",
        yLabel: "Gini coefficient",
      }),
    },
    {
      id: "progress-weights",
      title: "Sum of squared weights",
      see: "Weight decay prefers the general solution: it needs less norm than memory does, so the norm falls through the clean-up.",
      figure: lines({
        x: steps,
        series: [{ name: "sum of squares", y: over(progress, (of) => of.sumOfSquaredWeights) }],
        xLabel: "step",
        yLabel: "sum of squared weights",
      }),
    },
    {
      id: "progress-animation",
      title: "The embedding's frequencies, checkpoint by checkpoint",
      see: "Press play: from an even spectrum a few frequencies rise and the others sink.",
      figure: animation({
        frames: [...steps],
        panels: [
          {
            kind: "lines",
            title: "norm of each frequency of W_E",
            moving: [
              {
                name: "W_E",
                frames: steps.map((_, i) => ({
                  y: rows("norms", frequencyNorms, i, i + 1).data,
                })),
              },
            ],
            x: Array.from({ length: freqs }, (_, k) => k + 1),
            xLabel: "frequency",
            yLabel: "norm",
          },
        ],
      }),
    },
  ];
}
