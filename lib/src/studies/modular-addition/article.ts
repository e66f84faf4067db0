/**
 * Modular addition: a one-layer transformer groks a + b mod p with trigonometry.
 * After Nanda et al. 2023 and TransformerLens's Grokking_Demo (Nanda).
 */

import { topFrequencies } from "../../analysis/fourier/index.ts";
import {
  type Block,
  claim,
  count,
  isMost,
  list,
  mechanism,
  metrics,
  number,
  percent,
  prose,
  section,
  summary,
} from "../../article/index.ts";
import { type Curves, firstStep, type Lab, lastOf, type Study, valueAt } from "../../lab/index.ts";
import { agreed } from "../shared/fit.ts";
import { attention } from "../shared/modular-arithmetic/attention-section.ts";
import {
  atDefaults,
  circuitMetrics,
  data,
  initialLosses,
  lossesAsLogged,
  sizesOf,
  trainingMetrics,
} from "../shared/modular-arithmetic/claims.ts";
import { embedding, waves } from "../shared/modular-arithmetic/embedding-section.ts";
import { type Opened, open, type PairView, pairView } from "../shared/modular-arithmetic/inside.ts";
import { chanceOfCosines, logits, ownPair } from "../shared/modular-arithmetic/logit-section.ts";
import {
  type Circuit,
  circuit,
  measurements,
  progress,
} from "../shared/modular-arithmetic/measure.ts";
import { theNeurons } from "../shared/modular-arithmetic/neuron-section.ts";
import { causes } from "../shared/modular-arithmetic/progress-section.ts";
import type { SplitParams } from "../shared/modular-arithmetic/split.ts";
import { grokked, training } from "../shared/modular-arithmetic/training-section.ts";
import { type ModularAdditionParams, modularAdditionParams } from "./params.ts";
import { plan, size } from "./plan.ts";
import { printedLog } from "./printed-log.ts";
import { demo, nanda, own, publishedFile, publishedRun, replay } from "./sources.ts";

/** Modular addition: a transformer groks a + b mod p, and the Fourier circuit that it uses. */
export const modularAddition: Study<ModularAdditionParams, PairView> = {
  name: "modular-addition",
  title: "Modular addition: grokking with trigonometry",
  sources: [nanda, demo],
  params: modularAdditionParams,
  view: pairView,
  smoke: {
    ...{ p: 13, dModel: 16, nHeads: 2, dMlp: 32 },
    ...{ steps: 60, checkpointEvery: 20, float64Steps: 30 },
  },
  measurements,
  size,
  fit: (params, file) => {
    const { p, outputs, ...sizes } = sizesOf(modularAddition.name, file, "hooked-transformer");
    const own = { ...sizes, p, ...(outputs === p ? {} : { outputs }) };
    return agreed(modularAddition.name, params, file, own);
  },
  knowsData: ({ given }) => given.has("dataSeed"),
  plans: (params) => ({ model: plan(params) }),
  article,
};

/** Which published settings these parameters are. */
function setting(params: ModularAdditionParams) {
  const defaults = modularAdditionParams.parse({});
  const same = atDefaults(params, defaults);
  const sameData = same("operation", "p", "trainFraction", "dataSeed", "splitGenerator");
  const start = sameData && same("dModel", "nHeads", "dMlp", "outputs", "seed", "initOrder");
  const updates = start && same("lr", "weightDecay", "beta1", "beta2");
  const decisive = params.float64Steps >= defaults.float64Steps;
  return {
    data: sameData,
    start,
    updates,
    whole: params.steps >= (decisive ? defaults.steps : longestFloat32),
  };
}

/** Without first updates in float64 rounding decides when the network groks: up to step 18,850 (README). */
const longestFloat32 = 20_000;

async function* article(
  params: ModularAdditionParams,
  lab: Lab,
  view: PairView,
): AsyncGenerator<Block> {
  const { operation, p } = params;
  const run = await lab.training();
  const { curves } = run;
  const same = setting(params);
  const trained = curves.step.length > 0;
  const atEnd = trained && same.updates && same.whole && run.finished && view.step === undefined;
  const sums = operation === "a+b";
  const opened = sums
    ? await open(modularAddition.name, run, params, view, lab.dataKnown)
    : undefined;
  const task = `A one-layer transformer reads \`a b =\` and answers ${operation} modulo ${p}. `;

  yield opened === undefined
    ? summary(task, "The Fourier analysis is about a + b and is left out.")
    : summary(task, answerInShort(opened));
  yield metrics({
    ...(opened === undefined ? {} : circuitMetrics(opened.seen, lab.dataKnown)),
    ...trainingMetrics(curves),
  });
  if (same.data && lab.dataKnown) yield* data(params, demo);
  yield* training(curves, p, same.updates ? printedLog : undefined);
  if (same.start && trained)
    yield* initialLosses(curves, [4.734957877059251, 4.733274405539411], replay);
  if (same.updates && trained) yield* early(curves, params.float64Steps);
  if (atEnd) yield* grokking(curves, params.float64Steps);
  if (opened !== undefined) yield* inside(opened, curves, same.updates, atEnd);
  yield* published(lab);
}

function answerInShort({ seen }: Opened) {
  const { summary: s, keyFrequencies: key, progress, performance } = seen;
  const [full, restricted] = [performance.loss.all, progress.restricted.all];
  const shares = `cos w(a + b − c) of the key frequencies makes up ${percent(s.logits)} of the variance of its logits`;
  const circles = `these frequencies hold ${percent(s.embedding)} of its embedding (${percent(s.uniform)} by chance) and ${percent(s.neuronVariance)} of the variance of its neurons (${percent(s.uniformNeuronVariance)} by chance)`;
  return mechanism(
    "fourier-algorithm",
    grokked(performance.accuracy.all) &&
      isMost(s.logits, chanceOfCosines(seen)) &&
      isMost(s.embedding, s.uniform) &&
      isMost(s.neuronVariance, s.uniformNeuronVariance) &&
      restricted <= full,
    `It does so with waves: it embeds the numbers on circles of frequency ${list(key)}, its neurons mostly hold waves of these frequencies, and its logits are mostly cos w(a + b − c) for every answer c. In numbers: ${shares}, ${circles}, and the cosines alone answer at ${number(restricted)} nats where the whole network has ${number(full)}.`,
    `That it does so with waves, from the embedding to the logits, is not found here: it answers ${percent(performance.accuracy.all)} of all pairs (${percent(1 / seen.p)} by chance), ${shares}, ${circles}, and the cosines alone answer at ${number(restricted)} nats where the whole network has ${number(full)}.`,
  );
}

async function* inside(
  opened: Opened,
  curves: Curves,
  asPrinted: boolean,
  atEnd: boolean,
): AsyncGenerator<Block> {
  const { seen } = opened;
  yield* attention(opened, curves);
  yield* embedding(opened);
  yield* waves(opened);
  yield* theNeurons(
    opened,
    asPrinted
      ? " The run printed in Grokking_Demo ends with 503 of 512, after 25,000 updates."
      : "",
  );
  yield* logits(opened);
  if (asPrinted) yield printedFrequencies(opened);
  if (atEnd) yield* endClaims(seen);
  yield* causes(opened);
  yield* lossesAsLogged(opened, curves);
  if (atEnd) {
    yield claim(
      "restricted-below-full",
      "restricted loss over full loss, on all pairs",
      { ...nanda, kind: "own", at: "after section 5.1" },
      1,
      seen.progress.restricted.all / seen.performance.loss.all,
      { atMost: "a network that needs the rest of its logits would have more" },
    );
  }
  yield* ownPair(opened);
}

/** Frequencies with most of W_logit in the printed run, after 25,000 updates. */
const printedTop = [8, 19, 41, 54];

const topOfLogitMap = ({ logitMap }: Circuit): number[] =>
  topFrequencies(logitMap.shares, printedTop.length).sort((a, b) => a - b);

function printedFrequencies({ seen, snapshot }: Opened): Block {
  const others = seen.keyFrequencies.filter((k) => !printedTop.includes(k));
  return prose(
    `The run printed in Grokking_Demo, from these seeds and after 25,000 updates, has ${list(printedTop)} in W_logit and next to nothing else. Here, at step ${count(snapshot.step ?? 0)}, the four largest are ${list(topOfLogitMap(seen))}; key frequencies that the printed run does not have: ${list(others)}. The list 17, 25, 32 and 47 that the notebook's later cells use is of an older run.`,
  );
}

function* endClaims(seen: Circuit): Generator<Block> {
  yield claim(
    "printed-frequencies",
    "the four frequencies with most of W_logit",
    { ...demo, at: "W_logit of the printed run, after 25,000 updates" },
    printedTop,
    topOfLogitMap(seen),
  );
  yield claim(
    "logits-explained",
    "share of the variance of the logits in cos w(a + b − c) of the key frequencies",
    { ...nanda, at: "section 4.2, another seed" },
    0.95,
    seen.summary.logits,
    { atLeast: "the paper's network, of another seed, has 95 %" },
  );
}

function* early(curves: Curves, float64Steps: number): Generator<Block> {
  const at = (part: "train" | "test", step: number) => valueAt(curves, `${part}Loss`, step);
  const printed = { ...demo, at: "printed losses, epoch 99" };
  const runs = "six float32 runs whose initial weights differ in the last bit span";
  yield claim(
    "train-loss-99",
    "train loss after 99 updates",
    printed,
    2.9478488940586223,
    at("train", 99),
    { within: 0.0079, why: `${runs} 2.9432 to 2.9510` },
  );
  yield claim(
    "test-loss-100",
    "test loss after 100 updates",
    printed,
    7.55455026918402,
    at("test", 100),
    { within: 0.0205, why: `${runs} 7.5464 to 7.5669` },
  );
  for (const [step, part, loss] of [
    [99, "train", 2.9465998055195595],
    [100, "test", 7.55562088576953],
    [500, "train", 0.0010843198522913328],
    [500, "test", 23.582850073577138],
  ] as const) {
    if (step > float64Steps || at(part, step) === undefined) continue;
    yield claim(
      `${part}-loss-${step}-float64`,
      `${part} loss after ${step} updates in float64`,
      replay,
      loss,
      at(part, step),
      { share: 1e-9, why: "float64 has 16 digits, and 500 updates lose a few" },
    );
  }
}

/** Updates in float64 after which rounding no longer decides when it groks (README). */
const decisive = 500;

function* grokking(curves: Curves, float64Steps: number): Generator<Block> {
  const groks = firstStep(curves, "testLoss", (loss) => loss < 1e-3) ?? Number.POSITIVE_INFINITY;
  yield claim(
    "groks",
    "first logged step with a test loss under 0.001",
    { ...demo, at: "printed losses: between epochs 14,599 and 14,699" },
    14_700,
    groks,
    float64Steps >= decisive
      ? {
          within: 520,
          why: "with the first updates in float64 there are three: 14,180 here, 14,300 in float64 throughout, and the print, 520 apart (README)",
        }
      : {
          within: 4670,
          why: "six runs that differ in rounding alone (README) are there between steps 14,180 and 18,850, 4,670 apart",
        },
  );
  const threshold = { ...own, at: "a network that has grokked answers every pair" };
  yield claim(
    "train-accuracy",
    "train accuracy at the end",
    threshold,
    1,
    lastOf(curves.trainAccuracy),
  );
  yield claim(
    "test-accuracy",
    "test accuracy at the end",
    threshold,
    1,
    lastOf(curves.testAccuracy),
  );
}

/** Frequencies that the published numbers of the published run count: ours, and the weak 3. */
const publishedKey = [3, 6, 23, 37, 39, 41];

async function* published(lab: Lab): AsyncGenerator<Block> {
  const model = await lab.published(publishedFile, {
    ...{ actFn: "relu", normalizationType: null, nCtx: 3 },
  });
  if (model === undefined) return;
  const split: SplitParams = {
    operation: "a+b",
    p: Number(model.config.dVocab) - 1,
    trainFraction: 0.3,
    dataSeed: 1,
    splitGenerator: "python",
  };
  const { keyFrequencies, performance } = await model.measure(circuit, split);
  const measures = await model.measure(progress, split, publishedKey);
  const { restricted, excluded, giniEmbedding, giniLogitMap } = measures;
  yield section("The same functions on a published run");
  yield prose(
    `Nanda et al. published a run of this task with weight decay 0.1. The analysis above, applied to that file, finds the frequencies ${list(keyFrequencies)}. The published numbers count a sixth, weak one, 3, and so do the following: a loss over all pairs of ${number(performance.loss.all)} nats, a restricted loss of ${number(restricted.all)} and an excluded loss of ${number(excluded.all)}.`,
  );
  yield claim(
    "published-key-frequencies",
    "published run, key frequencies",
    publishedRun,
    publishedKey.slice(1),
    keyFrequencies,
  );
  for (const [id, text, expected, measured] of [
    ["full-loss", "loss over all pairs", 3.51975e-7, performance.loss.all],
    ["restricted-loss", "restricted loss", 2.17862e-9, restricted.all],
    ["excluded-loss", "excluded loss (train)", 8.39522, excluded.all],
    ["gini-embedding", "Gini coefficient of W_E", 0.538591, giniEmbedding],
    ["gini-logit-map", "Gini coefficient of W_L", 0.757612, giniLogitMap],
  ] as const) {
    yield claim(`published-${id}`, `published run, ${text}`, publishedRun, expected, measured, {
      share: 1e-4,
      why: "float32 logits, of a pass in another order",
    });
  }
}
