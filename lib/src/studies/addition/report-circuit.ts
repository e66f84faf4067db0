/** The part of the article about components: lens, attribution, ablation, phase changes. */

import { type NdArray, nd } from "../../core/nd.ts";
import { facets, heatmap, lines } from "../../figures/index.ts";
import { digitCases } from "../../tasks/index.ts";
import { count, list, number } from "../shared/words.ts";
import type { ReportSection } from "../study.ts";
import type { Ablations, Circuit } from "./circuit.ts";
import { type Phase, phaseLoss, phaseWindow } from "./phases.ts";

export function componentSection(circuit: Circuit): ReportSection {
  const { components, digits, lens, attribution, attributionByCase } = circuit;
  const stages = lens.stages.length;
  const places = digits.length;
  const accuracyOf = (stage: number): number => {
    const own = lens.accuracy.data.slice(stage * places, (stage + 1) * places);
    return Array.from(own).reduce((a, b) => a + b, 0) / places;
  };
  return {
    title: "What each component writes",
    prose: [
      "Without normalisation the logits are a sum: of what the embedding, each head and the MLP write, each projected on the unembedding. Reading the stream half-way is the *logit lens*.",
      `Read right after the embedding, ${number(accuracyOf(0))} of the digits are right; after attention ${number(accuracyOf(1))}; after the MLP ${number(accuracyOf(stages - 1))}. The heads gather the digits, the MLP adds them.`,
    ],
    figures: [
      {
        id: "lens-accuracy",
        title: "Logit lens: share of digits right",
        see: "Rows: where in the model the residual stream is read.",
        figure: heatmap({
          ...table(lens.accuracy, digits, lens.stages),
          sequential: true,
          range: [0, 1],
        }),
      },
      {
        id: "lens-loss",
        title: "Logit lens: loss in nats",
        see: `Guessing among ten digits costs ${number(Math.log(10))}.`,
        figure: heatmap({ ...table(lens.loss, digits, lens.stages), sequential: true }),
      },
      {
        id: "attribution",
        title: "What each component adds to the right digit",
        see: "The logit of the right digit less the mean of the ten digits, split by component: the columns add up.",
        figure: heatmap(table(attribution, digits, components)),
      },
      {
        id: "attribution-cases",
        title: "The same by the case of the digit",
        see: "Without the leading carry. Grey: the units digit, into which no carry comes.",
        figure: facets({
          panels: digitCases.map((one, i) => ({
            title: one,
            z: belowLeading(attributionByCase, i),
          })),
          x: digits.slice(1),
          y: components,
          columns: digitCases.length,
          xLabel: "digit of the sum",
          aspect: "auto",
        }),
      },
    ],
  };
}

function table(z: NdArray, x: readonly string[], y: readonly string[]) {
  return {
    z,
    x,
    y,
    xLabel: "digit of the sum",
    annotate: true,
    valueFormat: ".2f",
    aspect: "auto" as const,
    height: 90 + 44 * y.length,
  };
}

export function ablationSection({ components, digits, ablations }: Circuit): ReportSection {
  const last = ablations.at(-1) as Ablations;
  const replaced = components.slice(1);
  const columns = caseColumns(digits);
  const rises = (kind: "mean" | "zero", names: readonly string[]): NdArray =>
    nd(
      "float64",
      [replaced.length, names.length],
      last[kind].flatMap((own) => names.map((name) => riseOf(own, last, name))),
    );
  const worst = replaced.map((name, i) => {
    const own = digits.map((digit) => riseOf(last.mean[i] as Record<string, number>, last, digit));
    const most = own.indexOf(Math.max(...own));
    return `${name} ${digits[most]} (${number(own[most] as number)} nats)`;
  });
  const panels = (names: readonly string[]) => [
    { title: "replaced by its mean", z: rises("mean", names) },
    { title: "replaced by zero", z: rises("zero", names) },
  ];
  return {
    title: "What each component is needed for",
    prose: [
      `Each head and the MLP in turn, replaced by its mean over questions at each position, and by zero. The mean keeps what a component writes for every question alike, zero takes that away too. The digit that suffers most from the mean: ${list(worst)}.`,
    ],
    figures: [
      {
        id: "ablation-digits",
        title: "Rise of the loss of each digit",
        see: "In nats, at the end of training.",
        figure: facets({
          panels: panels(digits),
          x: digits,
          y: replaced,
          columns: 2,
          xLabel: "digit of the sum",
          sequential: true,
          aspect: "auto",
          annotate: true,
          valueFormat: ".1f",
        }),
      },
      {
        id: "ablation-cases",
        title: "Rise of the loss of each digit in each case",
        see: "In nats, at the end of training.",
        figure: facets({
          panels: panels(columns),
          x: columns,
          y: replaced,
          columns: 1,
          sequential: true,
          aspect: "auto",
        }),
      },
    ],
  };
}

export function phaseSection(circuit: Circuit, phases: readonly Phase[]): ReportSection[] {
  const { components, digits, ablations } = circuit;
  const around = phases.flatMap((phase) => {
    const before = ablations.findLast(({ step }) => step < phase.step);
    const after = ablations.find(({ step }) => step >= phase.step);
    return before === undefined || after === undefined ? [] : [{ ...phase, before, after }];
  });
  if (around.length === 0) return [];
  const replaced = components.slice(1);
  const names = around.map(({ column, step }) => `${column}, step ${count(step)}`);
  const rises = (when: "before" | "after"): NdArray =>
    nd(
      "float64",
      [around.length, replaced.length],
      around.flatMap((phase) =>
        phase[when].mean.map((own) => riseOf(own, phase[when], phase.column)),
      ),
    );
  const ofDigits = phases.filter(({ column }) => digits.includes(column));
  return [
    {
      title: "Before and after each phase change",
      prose: [
        `A digit changes phase when the mean of its last ${phaseWindow} logged losses first falls below ${number(phaseLoss)} nats, half of ln 10: ${list(ofDigits.map(({ column, step }) => `${column} at step ${count(step)}`))}.`,
        `Before a change, replacing a component by its mean costs that digit ${number(meanOf(rises("before")))} nats on average over components: there is little to break. Right after, it costs ${number(meanOf(rises("after")))}; the components that cost most are those which brought the change about.`,
      ],
      figures: [
        {
          id: "phases",
          title: "What replacing a component costs, before and after",
          see: "Rise of the loss of that digit and case in nats, at the last saved step before its phase change and the first one after.",
          figure: facets({
            panels: [
              { title: "before", z: rises("before") },
              { title: "after", z: rises("after") },
            ],
            x: replaced,
            y: names,
            columns: 2,
            panelHeight: Math.max(180, 22 * names.length),
            aspect: "auto",
          }),
        },
        overTraining(circuit),
      ],
    },
  ];
}

/** The rise of the mean loss of all digits at each saved step. */
function overTraining({
  components,
  digits,
  ablations,
}: Circuit): ReportSection["figures"][number] {
  return {
    id: "ablation-steps",
    title: "What replacing each component costs during training",
    see: "Rise of the mean loss over all digits, in nats, when a component is replaced by its mean.",
    figure: lines({
      x: ablations.map(({ step }) => step),
      series: components.slice(1).map((name, i) => ({
        name,
        y: ablations.map(
          (at) =>
            digits.reduce(
              (sum, digit) => sum + riseOf(at.mean[i] as Record<string, number>, at, digit),
              0,
            ) / digits.length,
        ),
        points: "with line" as const,
      })),
      xLabel: "step",
      yLabel: "rise of the loss (nats)",
    }),
  };
}

/** The rise of a column over the whole model; NaN where there is no such case. */
function riseOf(own: Readonly<Record<string, number>>, { full }: Ablations, name: string): number {
  return (own[name] ?? Number.NaN) - (full[name] ?? Number.NaN);
}

function meanOf({ data }: NdArray): number {
  return Array.from(data).reduce((a, b) => a + b, 0) / data.length;
}

function caseColumns(digits: readonly string[]): string[] {
  const units = digits.at(-1);
  return digitCases.flatMap((one) =>
    digits
      .slice(1)
      .flatMap((digit) => (digit === units && one !== "BaseAdd" ? [] : [`${one}.${digit}`])),
  );
}

/** Entry `i` of "case component digit" without the leading digit, which is of no case. */
function belowLeading({ shape, data }: NdArray, i: number): NdArray {
  const [, height, width] = shape as [number, number, number];
  const kept = Array.from({ length: height }, (_, row) => {
    const at = (i * height + row) * width;
    return [...data.subarray(at + 1, at + width)];
  });
  return nd("float64", [height, width - 1], kept.flat());
}
