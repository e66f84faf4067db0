/** A small report for tests: every example of every figure. */

import * as all from "../figures/all.ts";
import type { AnyFigure } from "../figures/figure.ts";
import { lines } from "../figures/index.ts";
import type { ReportFigure, ReportInput, ReportSection } from "./report.ts";

/** Ids are the names of figure and example, `heatmap-signed`. */
export function sampleReport(): ReportInput {
  const kinds: readonly AnyFigure[] = Object.values(all);
  return {
    title: "Every kind of figure <once>",
    summary: "A *report* with all figures, from [](#lines-losses) on.",
    study: "sample",
    source: { paper: "No paper", at: "page 1", url: "https://example.org/?a=1&b=2" },
    command: "npx tinylens run sample --set title='</script>'",
    run: {
      params: [{ name: "p", value: 113, meaning: "the modulus" }],
      seed: 999,
      device: "native",
      threads: 1,
      versions: { node: "24.0.0" },
      seconds: 3.21,
      date: "2026-11-21T12:00:00Z",
    },
    claims: [
      {
        id: "initial-loss",
        text: "Loss before the first update",
        source: { paper: "No paper" },
        expected: 4.734958,
        tolerance: "within 2e-6",
        measured: 4.7349577,
        holds: true,
      },
      {
        id: "keys",
        text: "Key frequencies </script>",
        source: { paper: "No paper" },
        expected: [1, 2],
        tolerance: "equal",
        measured: [1, 3],
        holds: false,
      },
    ],
    sections: kinds.map(sampleSection),
  };
}

/** A formula, and a slider between two parts. */
export const exploredSection: ReportSection = {
  title: "More",
  items: [
    { kind: "formula", tex: "\\cos w(a+b) = \\cos wa \\cos wb - \\sin wa \\sin wb" },
    {
      kind: "explore",
      field: "neuron",
      first: 7,
      parts: [3, 7].map((value) => ({
        value,
        items: [
          { kind: "prose", text: `This is neuron ${value}.` },
          {
            kind: "figure",
            folded: false,
            id: `neuron-${value}`,
            title: `Neuron ${value}`,
            see: "",
            figure: lines({ series: [{ name: "activation", y: [value, 1, 2] }] }),
          },
        ],
      })),
    },
  ],
};

function sampleSection(kind: AnyFigure): ReportSection {
  return {
    title: kind.name,
    items: [
      { kind: "prose", text: `What \`${kind.name}\` draws.` },
      ...Object.entries(kind.examples).map(
        ([example, data]): ReportFigure => ({
          kind: "figure",
          folded: false,
          id: `${kind.name}-${example}`,
          title: `The example *${example}*`,
          see: "What there is to see.",
          figure: kind(data as never),
        }),
      ),
    ],
  };
}

/** The figures of a report, in reading order. */
export function figuresOf({ sections }: ReportInput): ReportFigure[] {
  return sections.flatMap(({ items }) => items).filter((item) => item.kind === "figure");
}
