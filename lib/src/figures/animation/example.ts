import type { AnimationData } from "./data.ts";

const steps = [0, 2000, 4000, 6000, 8000, 10000];
const test = steps.map((step) => 4.7 / (1 + Math.exp((step - 6000) / 700)) + 1e-4);

/** A map that turns from noise into a wave while the test loss falls. */
export const example: AnimationData = {
  frames: steps,
  panels: [
    {
      kind: "heatmap",
      title: "logits of c = 0",
      frames: steps.map((step) =>
        Array.from({ length: 12 }, (_, a) =>
          Array.from({ length: 12 }, (_, b) => {
            const wave = Math.cos((2 * Math.PI * (a + b)) / 12);
            const noise = Math.sin(12.9898 * a * a + 78.233 * b * b);
            return (step / 10000) * 3 * wave + (1 - step / 10000) * noise;
          }),
        ),
      ),
      xLabel: "b",
      yLabel: "a",
    },
    {
      kind: "lines",
      title: "test loss",
      x: steps,
      still: [{ name: "whole run", y: test, faint: true, color: 0 }],
      moving: [
        {
          name: "so far",
          color: 0,
          points: "with line",
          frames: steps.map((_, i) => ({ x: steps.slice(0, i + 1), y: test.slice(0, i + 1) })),
        },
      ],
      xLabel: "step",
      yLabel: "loss (nats)",
      logY: true,
    },
  ],
  valueLabel: "logit",
};
