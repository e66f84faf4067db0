import type { Claim } from "../../core/claim.ts";
import type { Source } from "../../core/source.ts";
import { equal, withinShare } from "../shared/judge.ts";
import { agrees, type GroupModel } from "./group-models.ts";

const source: Source = {
  paper: "Chughtai, Chan and Nanda 2023, A toy model of universality",
  at: "code, batch_experiments/*/summary_metrics.json",
  url: "https://github.com/bilal-chughtai/rep-theory-mech-interp",
};

/** Numbers of the hidden layer that differ from the published ones, where those hold rounding noise. */
const corrected: Readonly<Record<string, readonly (readonly [metric: string, value: number])[]>> = {
  C113_MLP_seed1: [
    ["percent_hidden_explained", 0.87047],
    ["total_hidden_restricted_loss", 2.19e-6],
    ["total_hidden_excluded_loss", 5.037],
  ],
  C113_T_seed1: [
    ["percent_hidden_explained", 0.9142],
    ["total_hidden_restricted_loss", 6.08e-7],
    ["total_hidden_excluded_loss", 9.341],
  ],
};

/** The published model measured again: key representations, all metrics, and corrected ones. */
export function groupModelClaims(model: GroupModel): Claim[] {
  const id = model.name.toLowerCase().replaceAll("_", "-");
  const comparable = model.compared.filter(({ publishedWrongly }) => !publishedWrongly);
  return [
    equal(
      { id: `${id}-key`, text: `${model.name}: key representations`, source },
      model.publishedKeyRepresentations,
      model.keyRepresentations,
    ),
    {
      ...equal(
        {
          id: `${id}-metrics`,
          text: `${model.name}: published metrics that are found again`,
          source,
        },
        comparable.length,
        comparable.filter(agrees).length,
      ),
      tolerance: "each within 1e-4 of its size, or within 1e-6",
    },
    ...(corrected[model.name] ?? []).flatMap(([metric, expected]) => {
      const found = model.compared.find((one) => one.metric === metric);
      if (found === undefined) return [];
      const published = Number(found.published.toPrecision(4));
      return [
        withinShare(
          {
            id: `${id}-${metric.replaceAll("_", "-")}`,
            text: `${model.name}: ${metric}, corrected (published: ${published})`,
            source: { ...source, at: "recomputed in PyTorch with a basis of the right rank" },
          },
          expected,
          0.003,
          found.measured,
          "the recomputed number has three digits or more",
        ),
      ];
    }),
  ];
}
