/** What each component does: logit lens, attribution, ablation, before and after phase changes. */

import { type NdArray, nd } from "../../core/nd.ts";
import type { HookedTransformerConfig, WeightArrays } from "../../models/index.ts";
import { TorchGenerator } from "../../rng/index.ts";
import { casesOfDigits, digitCases, drawAdditions, sumColumns } from "../../tasks/index.ts";
import type { Examples } from "../../tasks/task.ts";
import type { StudyContext, TrainedRun } from "../study.ts";
import { digitNames, lossColumns } from "./losses.ts";
import { type AnswerPass, answerPasses, componentNames, type Passes, replaceOne } from "./pass.ts";
import { answersFrom } from "./scores.ts";

/** Questions that components are studied on. */
const questionCount = 512;

export interface Circuit {
  readonly components: readonly string[];
  readonly digits: readonly string[];
  readonly lens: Lens;
  /**
   * Mean of what a component adds to the right digit's logit less its mean over the ten digits:
   * "component digit".
   */
  readonly attribution: NdArray;
  /** The same by the case of the digit: "case component digit", NaN where a digit has no such case. */
  readonly attributionByCase: NdArray;
  /** The last entry is the final model. */
  readonly ablations: readonly Ablations[];
}

/** The unembedding applied to the residual stream after each part of the model. */
export interface Lens {
  readonly stages: readonly string[];
  /** "stage digit": share right, and mean loss in nats. */
  readonly accuracy: NdArray;
  readonly loss: NdArray;
}

/** Mean losses in nats with one component replaced, by the columns of `lossColumns`. */
export interface Ablations {
  readonly step: number;
  readonly full: Readonly<Record<string, number>>;
  /** By component (heads, then MLP): its output replaced by its mean over questions, or by zero. */
  readonly mean: readonly Readonly<Record<string, number>>[];
  readonly zero: readonly Readonly<Record<string, number>>[];
}

export async function studyCircuit(
  { backend, progress }: StudyContext,
  config: HookedTransformerConfig,
  run: TrainedRun,
): Promise<Circuit> {
  const digits = (config.nCtx - 3) / 3;
  const examples = drawAdditions({ digits }, new TorchGenerator(2), questionCount);
  const last = await run.weights(run.checkpointSteps.at(-1) ?? 0);
  const passes = await answerPasses(backend, config, last, questionCount);
  try {
    const ablations: Ablations[] = [];
    for (const step of run.checkpointSteps) {
      progress(`replacing components at step ${step}`);
      ablations.push(await ablate(passes, config, await run.weights(step), examples, step));
    }
    const pass = await passes.run(last, examples.tokens);
    return {
      components: componentNames(config.nHeads),
      digits: digitNames(digits),
      lens: lensOf(pass, examples, config.nHeads),
      ...attributionOf(pass, examples),
      ablations,
    };
  } finally {
    await passes.release();
  }
}

async function ablate(
  passes: Passes,
  config: HookedTransformerConfig,
  weights: WeightArrays,
  examples: Examples,
  step: number,
): Promise<Ablations> {
  const columns = ({ logits }: AnswerPass): Record<string, number> =>
    lossColumns(answersFrom(examples, [logits]));
  const whole = await passes.run(weights, examples.tokens);
  const means = { headFill: whole.headMean, mlpFill: whole.mlpMean };
  const mean: Record<string, number>[] = [];
  const zero: Record<string, number>[] = [];
  for (let which = 1; which <= config.nHeads + 1; which++) {
    const replaced = async (fill?: typeof means): Promise<Record<string, number>> =>
      columns(await passes.run(weights, examples.tokens, replaceOne(config, which, fill)));
    mean.push(await replaced(means));
    zero.push(await replaced());
  }
  return { step, full: columns(whole), mean, zero };
}

/** The residual stream at the three places of one layer, read by the unembedding. */
export function lensOf({ direct }: AnswerPass, examples: Examples, heads: number): Lens {
  const [, batch, asked, classes] = direct.shape as [number, number, number, number];
  const size = batch * asked * classes;
  const upTo = (components: number): NdArray => {
    const data = new Float64Array(size);
    for (let c = 0; c < components; c++) {
      for (let i = 0; i < size; i++) {
        data[i] = (data[i] as number) + (direct.data[c * size + i] as number);
      }
    }
    return nd("float64", [batch, asked, classes], data);
  };
  const stages = [upTo(1), upTo(1 + heads), upTo(2 + heads)].map((logits) => {
    const { losses, predictions } = answersFrom(examples, [logits]);
    const per = (value: (i: number) => number): number[] =>
      Array.from({ length: asked }, (_, place) => {
        let sum = 0;
        for (let row = 0; row < batch; row++) sum += value(row * asked + place);
        return sum / batch;
      });
    return {
      loss: per((i) => losses.data[i] as number),
      accuracy: per((i) => Number(predictions.data[i] === examples.labels.data[i])),
    };
  });
  const table = (value: (stage: (typeof stages)[number]) => number[]): NdArray =>
    nd("float64", [stages.length, asked], stages.flatMap(value));
  return {
    stages: ["embedding", "after attention", "after MLP"],
    accuracy: table(({ accuracy }) => accuracy),
    loss: table(({ loss }) => loss),
  };
}

/** What each component adds to the right digit above the other digits, by digit and by case. */
export function attributionOf(
  { direct }: AnswerPass,
  examples: Examples,
): Pick<Circuit, "attribution" | "attributionByCase"> {
  const [components, batch, asked, classes] = direct.shape as [number, number, number, number];
  const digits = asked - 1;
  const cases = casesOfDigits(sumColumns(examples));
  const added = (component: number, row: number, place: number): number => {
    const at = ((component * batch + row) * asked + place) * classes;
    const own = direct.data.subarray(at, at + 10);
    const label = examples.labels.data[row * asked + place] as number;
    const mean = Array.from(own).reduce((a, b) => a + b, 0) / own.length;
    return (own[label] as number) - mean;
  };
  const mean = (component: number, place: number, rows: readonly number[]): number =>
    rows.reduce((sum, row) => sum + added(component, row, place), 0) / rows.length;
  const all = Array.from({ length: batch }, (_, row) => row);
  const each = Array.from({ length: components }, (_, component) => component);
  const places = Array.from({ length: asked }, (_, place) => place);
  const ofCase = (one: string, place: number): number[] =>
    place === 0 ? [] : all.filter((row) => cases[row * digits + place - 1] === one);
  return {
    attribution: nd(
      "float64",
      [components, asked],
      each.flatMap((component) => places.map((place) => mean(component, place, all))),
    ),
    attributionByCase: nd(
      "float64",
      [digitCases.length, components, asked],
      digitCases.flatMap((one) =>
        each.flatMap((component) =>
          places.map((place) => mean(component, place, ofCase(one, place))),
        ),
      ),
    ),
  };
}
