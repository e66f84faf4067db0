/** The parts of the article about published networks and runs of Chughtai et al. 2023. */

import {
  type Block,
  claim,
  count,
  figure,
  number,
  percent,
  prose,
  section,
} from "../../article/index.ts";
import { scatter } from "../../figures/index.ts";
import { type Lab, type Training, valueAt } from "../../lab/index.ts";
import { readSettings } from "./fit.ts";
import { named } from "./group-words.ts";
import { type Opened, representations } from "./measure.ts";
import { logFiles, loggedLosses, metricsFiles, recomputed } from "./printed.ts";

const networks = ["C113_MLP_seed1", "C113_T_seed1", "D59_MLP_seed1", "S5_MLP_seed1"] as const;

/** A published network, measured again. */
interface Measured {
  readonly name: string;
  readonly opened: Opened;
  readonly publishedKey: readonly string[];
  /** Every published metric that is measured here, in the order of the file. */
  readonly compared: readonly Compared[];
}

interface Compared {
  readonly metric: string;
  readonly published: number;
  readonly measured: number;
  /** Whether the published code computes it wrongly, see the README. */
  readonly publishedWrongly: boolean;
}

/** Metrics of the hidden layer, which the published code gets wrong for cyclic groups. */
const hiddenMetric = /hidden|test_loss_restricted_loss_ratio/;

async function measured(lab: Lab, name: string): Promise<Measured | undefined> {
  const folder = `group-models/${name}`;
  const [cfg, keys, summary] = await Promise.all(
    ["cfg.json", "key_reps.txt", "summary_metrics.json"].map((file) =>
      lab.publishedText(`${folder}/${file}`),
    ),
  );
  if (cfg === undefined || keys === undefined || summary === undefined) return undefined;
  const { group, model, trainFraction, seed } = readSettings(`${name}/cfg.json`, cfg);
  const transformer = { normalizationType: null, actFn: "relu" };
  const snapshot = await lab.published(
    `${folder}/model.pt`,
    model === "hooked-transformer" ? transformer : {},
  );
  if (snapshot === undefined) return undefined;
  const question = { group, irreps: "published", split: { trainFraction, seed } } as const;
  const opened = await snapshot.measure(representations, question, null);
  const published = JSON.parse(summary) as Readonly<Record<string, number>>;
  const compared = Object.entries(published).flatMap(([metric, value]) => {
    const own = opened.summary[metric];
    if (own === undefined) return [];
    const publishedWrongly = group.startsWith("C") && hiddenMetric.test(metric);
    return [{ metric, published: value, measured: own, publishedWrongly }];
  });
  return { name, opened, publishedKey: keys.trim().split(/\s+/), compared };
}

/** Within 1e-4 of the published number, or within 1e-6 where that is near zero. */
function agrees({ published, measured: own }: Compared): boolean {
  const difference = Math.abs(own - published);
  return difference <= 1e-4 * Math.abs(published) || difference <= 1e-6;
}

export async function* publishedSection(lab: Lab): AsyncGenerator<Block> {
  const found: Measured[] = [];
  for (const name of networks) {
    const one = await measured(lab, name);
    if (one !== undefined) found.push(one);
  }
  yield section("Published networks measured again");
  if (found.length === 0) {
    yield prose(
      "The published networks are not on this machine: put folders such as `C113_MLP_seed1` of rep-theory-mech-interp's `batch_experiments` into `group-models` of a folder, and name that folder in `TINYLENS_DATA`.",
    );
    return;
  }
  const all = found.flatMap(({ compared }) => compared);
  const sound = all.filter(({ publishedWrongly }) => !publishedWrongly);
  yield prose(
    ...found.map(
      ({ name, opened }) =>
        `${name} answers ${percent(opened.performance.accuracy.test)} of its test pairs with ${named(opened.keyRepresentations)}. `,
    ),
    `Of ${count(sound.length)} published metrics that can be compared, ${count(sound.filter(agrees).length)} are found again within 1e-4 of their size or 1e-6.`,
  );
  yield* cyclicProse(found);
  yield metricsFigure(all);
  for (const one of found) yield* networkClaims(one);
}

function* cyclicProse(found: readonly Measured[]): Generator<Block> {
  const cyclic = found.find(({ compared }) => compared.some((one) => one.publishedWrongly));
  if (cyclic === undefined) return;
  const of = (metric: string) => cyclic.compared.find((one) => one.metric === metric);
  const [hidden, restricted] = [of("percent_hidden_explained"), of("total_hidden_restricted_loss")];
  if (hidden === undefined || restricted === undefined) return;
  yield prose(
    `For cyclic groups the metrics of the hidden layer are computed in another way: the four entries of a rotation span two functions, and the published code takes four directions, two of them rounding noise. For ${cyclic.name} the share of the hidden layer is ${percent(hidden.measured)} here and ${percent(hidden.published)} there, the restricted loss ${number(restricted.measured)} and ${number(restricted.published)}.`,
  );
}

/** Smallest published number that is drawn: below is rounding. */
const smallestDrawn = 1e-8;

function metricsFigure(all: readonly Compared[]): Block {
  const points = (name: string, wrongly: boolean) => {
    const drawn = all.filter(
      ({ publishedWrongly, published, measured: own }) =>
        publishedWrongly === wrongly && published > smallestDrawn && own > smallestDrawn,
    );
    return {
      name,
      x: drawn.map(({ published }) => published),
      y: drawn.map(({ measured: own }) => own),
      labels: drawn.map(({ metric }) => metric),
    };
  };
  return figure(
    "published-metrics",
    "Published against measured",
    "Every metric of every published network; equal ones lie on the line. In the second color: metrics of the hidden layer of cyclic groups, computed in another way.",
    scatter({
      groups: [
        points("computed alike", false),
        points("published with rounding noise", true),
      ].filter(({ x }) => x.length > 0),
      xLabel: "published",
      yLabel: "measured",
      diagonal: true,
      logX: true,
      logY: true,
    }),
  );
}

/** Numbers of the hidden layer with a basis of the right rank. */
const corrected: Readonly<Record<string, readonly (readonly [metric: string, value: number])[]>> = {
  C113_MLP_seed1: [
    ["percent_hidden_explained", 0.8704707],
    ["total_hidden_restricted_loss", 2.190592e-6],
    ["total_hidden_excluded_loss", 5.036928],
  ],
  C113_T_seed1: [
    ["percent_hidden_explained", 0.914196],
    ["total_hidden_restricted_loss", 6.078746e-7],
    ["total_hidden_excluded_loss", 9.341004],
  ],
};

function* networkClaims({ name, opened, publishedKey, compared }: Measured): Generator<Block> {
  const id = name.toLowerCase().replaceAll("_", "-");
  const sound = compared.filter(({ publishedWrongly }) => !publishedWrongly);
  yield claim(
    `${id}-key`,
    `${name}: key representations`,
    metricsFiles,
    [...publishedKey],
    [...opened.keyRepresentations],
  );
  yield claim(
    `${id}-metrics`,
    `${name}: published metrics that are found again, each within 1e-4 of its size or within 1e-6 (the published sums are in float32)`,
    metricsFiles,
    sound.length,
    sound.filter(agrees).length,
  );
  for (const [metric, expected] of corrected[name] ?? []) {
    const found = compared.find((one) => one.metric === metric);
    if (found === undefined) continue;
    yield claim(
      `${id}-${metric.replaceAll("_", "-")}`,
      `${name}: ${metric} with a basis of the right rank (published: ${Number(found.published.toPrecision(4))})`,
      recomputed("from the weights, in float64"),
      expected,
      found.measured,
      { share: 1e-4, why: "logits and activations are float32 here" },
    );
  }
}

/** The first steps of published runs, from their seeds. */
export function* repeatedSection(trainings: Readonly<Record<string, Training>>): Generator<Block> {
  const runs = Object.entries(trainings).map(([name, { curves }]) => {
    const { step, trainLoss } = curves;
    return `${name}: train loss ${trainLoss[1]?.toFixed(8)} after the first update, ${trainLoss.at(-1)?.toFixed(6)} after ${count(step.at(-1) ?? 0)}. `;
  });
  yield section("The first steps of published runs");
  yield prose(
    "Two published runs are trained again from their seeds, for as long as rounding lets two machines agree. ",
    ...runs,
    "The published logs measure epoch e after e + 1 updates.",
  );
  for (const { run, name, first, losses, within, worst } of loggedLosses) {
    const training = trainings[run];
    if (training === undefined) continue;
    const last = first + losses.length - 1;
    const found = losses.map((_, i) => valueAt(training.curves, "trainLoss", first + i + 1));
    yield claim(
      `${run}-epoch-${first}`,
      `${name} trained again: train loss at ${last === first ? `epoch ${first}` : `epochs ${first} to ${last}`}`,
      logFiles,
      [...losses],
      found.includes(undefined) ? undefined : (found as number[]),
      { within, why: `off by at most ${worst} on the native, web and jax back ends` },
    );
  }
}
