/** The notebook's animation: attention scores, losses and accuracies at every checkpoint. */

import { animation as animate, type PlotlyFigure } from "../../figures/index.ts";
import type { Curves } from "../../lab/index.ts";

/** `scores` is "checkpoint" of "token"; scales are the same in all frames. */
export function animation(
  curves: Curves,
  steps: readonly number[],
  scores: readonly ArrayLike<number>[],
): PlotlyFigure {
  const until = steps.map((step) => curves.step.filter((logged) => logged <= step).length);
  const places = Float32Array.from(curves.step);
  const growing = (name: string, values: readonly number[]) => {
    const all = Float32Array.from(values);
    return {
      name,
      frames: until.map((end) => ({ x: places.slice(0, end), y: all.slice(0, end) })),
    };
  };
  const shared = { kind: "lines", xLabel: "step" } as const;
  return animate({
    frames: steps,
    columns: 1,
    panelHeight: 240,
    frameMs: 100,
    panels: [
      {
        kind: "lines",
        title: "attention score of each number",
        xLabel: "number",
        yLabel: "score",
        moving: [
          {
            name: "(E + P)₌ Q Kᵀ (E + P)ᵀ",
            color: 2,
            frames: scores.map((y) => ({ y: Float32Array.from(y) })),
          },
        ],
      },
      {
        ...shared,
        title: "loss",
        yLabel: "nats",
        moving: [growing("train loss", curves.trainLoss), growing("test loss", curves.testLoss)],
      },
      {
        ...shared,
        title: "accuracy",
        yLabel: "share right",
        moving: [
          { ...growing("train accuracy", curves.trainAccuracy), color: 0 },
          { ...growing("test accuracy", curves.testAccuracy), color: 1 },
        ],
      },
    ],
  });
}
