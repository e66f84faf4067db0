/**
 * Modular addition with one-bit weights: does a binary network run the same Fourier algorithm? After
 * Li 2024 and his notebook. The networks it is compared with are plans like any other.
 */

import {
  type Block,
  claim,
  figure,
  isMost,
  mechanism,
  metrics,
  number,
  percent,
  prose,
  type Sentence,
  section,
  summary,
} from "../../article/index.ts";
import { heatmap, signImage } from "../../figures/index.ts";
import {
  type Curves,
  firstStep,
  type Lab,
  type Snapshot,
  type Study,
  valueAt,
} from "../../lab/index.ts";
import type { Quantization } from "../../models/index.ts";
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
import { measurements, signs } from "../shared/modular-arithmetic/measure.ts";
import { chanceOfOne, theNeurons } from "../shared/modular-arithmetic/neuron-section.ts";
import { causes } from "../shared/modular-arithmetic/progress-section.ts";
import { grokked, training } from "../shared/modular-arithmetic/training-section.ts";
import { keyOnes } from "../shared/modular-arithmetic/words.ts";
import { comparison, type Kind, kinds } from "./comparison.ts";
import { type BitNetParams, bitNetParams } from "./params.ts";
import { companions, compared, firstUpdates, plan, size } from "./plan.ts";
import { printedLog } from "./printed-log.ts";
import { li, notebook, replay } from "./sources.ts";

/** Modular addition with weights of one bit, beside other kinds of weights. */
export const modularAdditionBitnet: Study<BitNetParams, PairView> = {
  name: "modular-addition-bitnet",
  title: "Modular addition with one-bit weights",
  sources: [li, notebook],
  params: bitNetParams,
  view: pairView,
  smoke: {
    ...{ p: 13, dModel: 16, nHeads: 2 },
    ...{ steps: 40, compareSteps: 60, checkpointEvery: 20 },
  },
  measurements,
  size,
  fit: (params, file) => {
    const { p, dModel, nHeads } = sizesOf(modularAdditionBitnet.name, file, "bitnet");
    const quantization = file.config.quantization as Quantization;
    return agreed(modularAdditionBitnet.name, params, file, { p, dModel, nHeads, quantization });
  },
  knowsData: ({ given }) => given.has("dataSeed"),
  plans: (params) => ({ model: plan(params), ...companions(params) }),
  article,
};

/** Which published settings these parameters are. */
function setting(params: BitNetParams) {
  const defaults = bitNetParams.parse({});
  const same = atDefaults(params, defaults);
  const sameData = same("operation", "p", "trainFraction", "dataSeed", "splitGenerator");
  const start = sameData && same("dModel", "nHeads", "quantization", "seed");
  const rate = start && same("lr", "beta1", "beta2");
  return {
    ...{ data: sameData, start, rate },
    whole: rate && same("weightDecay") && params.steps >= defaults.steps,
    likeNotebook: rate && params.weightDecay === 0,
  };
}

async function* article(params: BitNetParams, lab: Lab, view: PairView): AsyncGenerator<Block> {
  const { operation, p, quantization } = params;
  const all = await kindsOf(params, lab, view);
  const [own] = all as [Kind, ...Kind[]];
  const { training: run, opened } = own;
  const { curves } = run;
  const same = setting(params);
  const trained = curves.step.length > 0;
  yield summary(
    `A one-layer transformer with ${own.kind} weights in attention and MLP learns ${operation} modulo ${p}. Do networks with weights of one bit simulate a full-precision network, or do they learn another algorithm? `,
    ...(opened === undefined ? [] : answerInShort(opened, own.kind)),
  );
  yield metrics({
    ...(opened === undefined ? {} : circuitMetrics(opened.seen, lab.dataKnown)),
    ...trainingMetrics(curves),
  });
  if (same.data && lab.dataKnown) yield* data(params, notebook);
  yield* training(curves, p, same.likeNotebook ? printedLog : undefined);
  if (same.start && trained) {
    yield* initialLosses(curves, [4.912602042789272, 4.901619754149453], replay);
  }
  if (same.rate && trained) {
    yield* updates(same.likeNotebook ? curves : (await lab.training(firstUpdates)).curves);
  }
  if (same.whole && run.finished) yield* grokking(curves);
  if (all.length > 1) yield* comparison(all, p);
  if (quantization === "binary" || quantization === "binary-scaled")
    yield* theSigns(run.at(view.step), quantization === "binary-scaled");
  if (opened === undefined) return;
  yield* attention(opened, curves);
  yield* embedding(opened);
  if (same.whole) yield winners();
  yield* waves(opened);
  yield* theNeurons(opened);
  yield* logits(opened);
  yield* causes(opened);
  yield* lossesAsLogged(opened, curves);
  yield* ownPair(opened);
}

/** The study's own kind of weights first, then those it is compared with. */
async function kindsOf(params: BitNetParams, lab: Lab, view: PairView): Promise<Kind[]> {
  const opened: Kind[] = [];
  const own = await lab.training();
  const isFile = own.steps.length === 0;
  const others = Object.keys(companions(params));
  const names = isFile ? [] : compared.filter((of) => others.includes(of));
  for (const of of [undefined, ...names] as (Quantization | undefined)[]) {
    const training = of === undefined ? own : await lab.training(of);
    opened.push({
      kind: kinds[of ?? params.quantization],
      training,
      opened:
        params.operation === "a+b"
          ? await open(modularAdditionBitnet.name, training, params, view, lab.dataKnown)
          : undefined,
    });
  }
  return opened;
}

function answerInShort({ seen, dataKnown }: Opened, kind: string): Sentence[] {
  const { summary: s, keyFrequencies: key, progress, performance } = seen;
  const [full, restricted] = [performance.loss.all, progress.restricted.all];
  const cosines = `cos w(a + b − c) of ${keyOnes(key)} makes up ${percent(s.logits)} of the variance of its logits, and alone answers at ${number(restricted)} nats where the whole network has ${number(full)}`;
  const without = dataKnown
    ? `; without them it has ${number(progress.excluded.all)} nats on what it was trained on`
    : "";
  const share = `${percent(s.embedding)} of it lies in these frequencies (${percent(s.uniform)} by chance)`;
  return [
    mechanism(
      "same-algorithm",
      grokked(performance.accuracy.all) &&
        isMost(s.logits, chanceOfCosines(seen)) &&
        restricted <= full,
      `The ${kind} network answers as the full-precision one of Nanda et al. does, with cosines: ${cosines}${without}. `,
      `Here the ${kind} network does not answer with such cosines alone: it answers ${percent(performance.accuracy.all)} of all pairs, ${cosines}${without}. `,
    ),
    mechanism(
      "as-clean",
      isMost(s.embedding, s.uniform),
      `Its embedding is mostly circles: ${share}. `,
      `Its embedding is not mostly circles: ${share}. `,
    ),
    `On average its best frequency explains ${percent(s.meanNeuronFraction)} of a neuron's variance (any one ${percent(chanceOfOne(seen.p))} by chance). All this says what the answer is made of, not how the neurons compute it.`,
  ];
}

/** Weight decay 0, as the notebook trains. */
function* updates(curves: Curves): Generator<Block> {
  for (const [step, loss] of [
    [1, 4.823295],
    [2, 4.773058],
  ] as const) {
    yield claim(
      `train-loss-${step}`,
      `train loss after ${step} update${step === 1 ? "" : "s"} with weight decay 0`,
      replay,
      loss,
      valueAt(curves, "trainLoss", step),
      { within: 1e-4, why: "a weight near the mean can change its sign by rounding" },
    );
  }
  const runs = "six runs whose initial weights differ in the last bit span";
  yield claim(
    "train-loss-99",
    "train loss after 99 updates with weight decay 0",
    notebook,
    2.908867800903007,
    valueAt(curves, "trainLoss", 99),
    { within: 0.138, why: `${runs} 2.768 to 2.906` },
  );
  yield claim(
    "test-loss-100",
    "test loss after 100 updates with weight decay 0",
    notebook,
    5.384417223469513,
    valueAt(curves, "testLoss", 100),
    { within: 0.055, why: `${runs} 5.364 to 5.419` },
  );
}

/** Weight decay 1, as the final notebook of the repository has it. */
function* grokking(curves: Curves): Generator<Block> {
  const groks = firstStep(curves, "testAccuracy", grokked);
  const from = groks === undefined ? curves.step.length : curves.step.indexOf(groks);
  const later = curves.testAccuracy.slice(from).sort((a, b) => a - b);
  yield claim(
    "groks",
    "first logged step with a test accuracy of 0.99",
    { kind: "own", paper: "this study", at: "the length of the default run" },
    3000,
    groks ?? Number.POSITIVE_INFINITY,
    { atMost: "it has to grok within the default run" },
  );
  yield claim(
    "stays-grokked",
    "median test accuracy over all logged steps from then on, the lower of two",
    { kind: "own", paper: "this study", at: "the accuracy that counts as grokked on this page" },
    0.99,
    later[(later.length - 1) >> 1] ?? 0,
    { atLeast: "a network that has grokked answers so most of the time, not at its best" },
  );
}

function winners(): Block {
  return prose(
    "Which frequencies win is decided by rounding. The same training in PyTorch ended with 5, 12, 30, 33, 34 and 49 as the six largest of the embedding, with its sums in another order with 2, 15, 25, 30, 34 and 41, and in float64 with 2, 5, 15, 30, 33 and 34 (`lib/goldens/bitnet_replay.py`). So no list is claimed here.",
  );
}

async function* theSigns(snapshot: Snapshot, scaled: boolean): AsyncGenerator<Block> {
  const { W_in, product } = await snapshot.measure(signs);
  yield section("The weights are signs");
  yield prose(
    `The network multiplies with sign(W − mean W)${scaled ? ", times the mean of |W|" : ""}. Displays of sign(W) alone, as in the notebook, differ from it in ${percent(W_in.uncentredDiffers)} of the entries of \`W_in\`; ${percent(W_in.positive)} of its signs are positive.`,
  );
  yield figure(
    "sign-W-in",
    "sign(W_in − mean)",
    "Rows are directions of the residual stream, columns neurons. Black is −1, white +1.",
    signImage({ z: W_in.signs, xLabel: "neuron", yLabel: "d_model" }),
    { folded: true },
  );
  yield figure(
    "integer-product",
    "sign(W_in) sign(W_O) sign(W_V)",
    `What a value can add to a neuron${scaled ? ", up to one factor" : ""}, as exact integers: neurons down, residual directions across.`,
    heatmap({
      ...{ z: product, xLabel: "d_model", yLabel: "neuron" },
      ...{ aspect: "auto", height: 520 },
    }),
    { folded: true },
  );
}
