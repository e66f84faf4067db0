/** The part of the article about components: what they write, what they are needed for, since when. */

import {
  type Block,
  claim,
  count,
  figure,
  isMost,
  list,
  mechanism,
  number,
  percent,
  prose,
  section,
} from "../../article/index.ts";
import { facets, heatmap, lines } from "../../figures/index.ts";
import { digitCases } from "../../tasks/index.ts";
import { digitNames } from "./answers.ts";
import { mean } from "./attention-sections.ts";
import type { Ablations, Components } from "./measure.ts";
import { own } from "./sources.ts";
import { guessing, type Phase } from "./training-sections.ts";

/** A heat map with a digit of the sum in each column. */
function byDigit(z: readonly (readonly number[])[], x: readonly string[], y: readonly string[]) {
  return {
    z: z.map((row) => [...row]),
    x: [...x],
    y: [...y],
    xLabel: "digit of the sum",
    annotate: true,
    valueFormat: ".2f",
    aspect: "auto" as const,
    height: 90 + 44 * y.length,
  };
}

/** Share right of the digits below the leading one after attention, and after the MLP. */
export function lensShares({ lensAccuracy }: Components): [number, number] {
  const below = (stage: number) => mean((lensAccuracy[stage] ?? []).slice(1));
  return [below(1), below(2)];
}

export function* componentSection(found: Components, names: readonly string[]): Generator<Block> {
  const { lensAccuracy, lensLoss, attribution, attributionByCase } = found;
  const digits = digitNames((attribution[0]?.length ?? 1) - 1);
  const [attended, added] = lensShares(found);
  const stages = ["embedding", "after attention", "after MLP"];
  const mlp = attribution.at(-1) ?? [];
  yield section("What each component writes");
  yield prose(
    "Without normalization the logits are a sum: of what the embedding, each head and the MLP write, each projected on the unembedding. Reading the residual stream on its way is the *logit lens*. ",
    `Of the digits below the leading one, ${percent(mean((lensAccuracy[0] ?? []).slice(1)))} are right when read after the embedding, ${percent(attended)} after attention and ${percent(added)} after the MLP; chance is 10 %. `,
    mechanism(
      "mlp-adds",
      !isMost(attended, 0.1) && isMost(added, 0.1),
      "So the sum becomes readable in the MLP.",
      "So it is not so that less than half of the way from chance to all is readable before the MLP, and at least half after it.",
    ),
  );
  yield figure(
    "lens-accuracy",
    "Logit lens: share of digits right",
    `Rows: where the residual stream is read. Chance is a tenth, for ${digits[0]} a half.`,
    heatmap({ ...byDigit(lensAccuracy, digits, stages), sequential: true, range: [0, 1] }),
  );
  yield figure(
    "lens-loss",
    "Logit lens: loss in nats",
    `Guessing among ten digits costs ${number(Math.log(10))}, between two ${number(Math.log(2))}.`,
    heatmap({ ...byDigit(lensLoss, digits, stages), sequential: true }),
    { folded: true },
  );
  const logit = "The logit of the right digit less the mean of the ten digits";
  yield figure(
    "attribution",
    "What each component adds to the right digit",
    `${logit}, split by component: the columns add up. The MLP adds ${number(Math.min(...mlp))} to ${number(Math.max(...mlp))}.`,
    heatmap(byDigit(attribution, digits, names)),
  );
  yield figure(
    "attribution-attention",
    "The same without the MLP",
    "Embedding and heads on a scale of their own.",
    heatmap(byDigit(attribution.slice(0, -1), digits, names.slice(0, -1))),
    { folded: true },
  );
  yield figure(
    "attribution-cases",
    "The same by the case of the digit",
    "Without the leading carry. Grey: the units digit, into which no carry comes.",
    facets({
      panels: digitCases.map((title, i) => ({
        title,
        z: (attributionByCase[i] ?? []).map((row) => [...row]),
      })),
      x: digits.slice(1),
      y: [...names],
      columns: digitCases.length,
      xLabel: "digit of the sum",
      aspect: "auto",
    }),
    { folded: true },
  );
}

export function lensClaim(found: Components): Block {
  const text = "share of the digits below the leading one that can be read before the MLP";
  const why = "half of the way from chance, 0.1, to all";
  return claim("read-before-mlp", text, own, 0.55, lensShares(found)[0], { atMost: why });
}

export function ablationClaim(found: Ablations, digits: number): Block {
  const names = digitNames(digits);
  const text = "nats that replacing the MLP by its mean costs, on average over digits";
  const half = mean(names.map((name) => guessing(name, digits))) / 2;
  const cost = mean(names.map((name) => riseOf(found.mean.at(-1) ?? {}, found, name)));
  return claim("mlp-needed", text, own, half, cost, { atLeast: "half of what guessing costs" });
}

/** The rise of a column over the whole model; NaN where there is no such case. */
export function riseOf(
  cut: Readonly<Record<string, number>>,
  { full }: Ablations,
  name: string,
): number {
  return (cut[name] ?? Number.NaN) - (full[name] ?? Number.NaN);
}

export function* ablationSection(
  found: Ablations,
  replaced: readonly string[],
  digits: number,
): Generator<Block> {
  const names = digitNames(digits);
  const cases = digitCases.flatMap((one) =>
    names
      .slice(1)
      .flatMap((digit) => (digit === "A0" && one !== "BaseAdd" ? [] : [`${one}.${digit}`])),
  );
  const rises = (kind: "mean" | "zero", columns: readonly string[]) =>
    found[kind].map((cut) => columns.map((name) => riseOf(cut, found, name)));
  const means = rises("mean", names);
  const worst = replaced.map((name, i) => {
    const rise = means[i] ?? [];
    const most = rise.indexOf(Math.max(...rise));
    return `${name} by ${number(mean(rise))} nats on average, most for ${names[most]}, ${number(rise[most] ?? Number.NaN)}`;
  });
  const drawn = (columns: readonly string[], wide: boolean) =>
    facets({
      panels: [
        { title: "replaced by its mean", z: rises("mean", columns) },
        { title: "replaced by zero", z: rises("zero", columns) },
      ],
      x: [...columns],
      y: [...replaced],
      columns: wide ? 1 : 2,
      sequential: true,
      aspect: "auto",
      ...(wide ? {} : { xLabel: "digit of the sum", annotate: true, valueFormat: ".1f" }),
    });
  yield section("What each component is needed for");
  yield prose(
    `Each head and the MLP in turn, replaced by its mean over questions at each position, and by zero. The mean keeps what a component writes for every question alike; zero takes that away too. The mean raises the loss of a digit: ${worst.join("; ")}.`,
  );
  yield figure(
    "ablation-digits",
    "Rise of the loss of each digit",
    "In nats.",
    drawn(names, false),
  );
  yield figure(
    "ablation-cases",
    "Rise of the loss of each digit in each case",
    "In nats.",
    drawn(cases, true),
    { folded: true },
  );
}

/** Ablations at a checkpoint. */
export interface AblationsAt {
  readonly step: number;
  readonly found: Ablations;
}

export function* phaseSection(
  all: readonly AblationsAt[],
  phases: readonly Phase[],
  replaced: readonly string[],
  digits: number,
): Generator<Block> {
  const around = phases.flatMap((phase) => {
    const before = all.findLast(({ step }) => step < phase.step);
    const after = all.find(({ step }) => step >= phase.step);
    return before === undefined || after === undefined ? [] : [{ ...phase, before, after }];
  });
  yield section("What each component is needed for, during training");
  if (around.length > 0) {
    const names = around.map(({ column, step }) => `${column}, step ${count(step)}`);
    const rises = (when: "before" | "after") =>
      around.map((phase) => {
        const { found } = phase[when];
        return found.mean.map((cut) => riseOf(cut, found, phase.column));
      });
    const [before, after] = [rises("before"), rises("after")];
    const most = after.map((row, i) => {
      const grown = row.map((rise, k) => rise - (before[i]?.[k] ?? 0));
      return grown.indexOf(Math.max(...grown));
    });
    const counts = replaced.flatMap((name, k) => {
      const times = most.filter((one) => one === k).length;
      return times === 0 ? [] : [`${name} in ${times}`];
    });
    const [was, is] = [mean(before.flat()), mean(after.flat())];
    yield prose(
      `Around each of ${count(around.length)} phase changes of digits and their cases: at the last checkpoint before it, replacing a component by its mean costs that digit ${number(was)} nats on average over components; at the first one after it, ${number(is)}. `,
      mechanism(
        "needed-with-change",
        is > was,
        "So components are needed more after the change than before it. ",
        "So components are not needed more after the change than before it. ",
      ),
      `The cost that grows most is that of ${list(counts)}.`,
    );
    yield figure(
      "phases",
      "What replacing a component costs, before and after",
      "Rise of the loss of that digit and case in nats, at the last checkpoint before its phase change and the first one after.",
      facets({
        panels: [
          { title: "before", z: before },
          { title: "after", z: after },
        ],
        x: [...replaced],
        y: names,
        columns: 2,
        panelHeight: Math.max(180, 22 * names.length),
        aspect: "auto",
      }),
    );
  }
  const series = replaced.map((name, i) => ({
    name,
    y: all.map(({ found }) =>
      mean(digitNames(digits).map((digit) => riseOf(found.mean[i] ?? {}, found, digit))),
    ),
    points: "with line" as const,
  }));
  const last = series.map(({ name, y }) => `${name} ${number(y.at(-1) ?? Number.NaN)}`);
  yield figure(
    "ablation-steps",
    "What replacing each component costs during training",
    `Rise of the mean loss over all digits, in nats, when a component is replaced by its mean. At the last checkpoint: ${list(last)}.`,
    lines({
      x: all.map(({ step }) => step),
      series,
      xLabel: "step",
      yLabel: "rise of the loss (nats)",
    }),
  );
}
