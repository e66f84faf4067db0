/** The part of an article about how the circuit came about: progress measures at every checkpoint. */

import {
  type Block,
  count,
  figure,
  headline,
  list,
  mechanism,
  number,
  prose,
  section,
} from "../../../article/index.ts";
import { animation, lines } from "../../../figures/index.ts";
import type { Moment, Opened } from "./inside.ts";
import { frequenciesOf, keyOnes } from "./words.ts";

/** Restricted and excluded loss, and over training what the checkpoints show. */
export function* causes(opened: Opened): Generator<Block> {
  const { seen, moments, dataKnown } = opened;
  const { keyFrequencies: key, progress, performance, p } = seen;
  const halfway = Math.log(p) / 2;
  const first = (value: (of: Moment) => number) => moments.find((of) => value(of) < halfway)?.step;
  const [circuit, test] = [first((of) => of.restricted.all), first((of) => of.full.test)];
  const known = circuit !== undefined && test !== undefined;
  const [full, restricted] = [performance.loss.all, progress.restricted.all];
  yield section(
    headline(
      mechanism(
        "circuit-first",
        known ? circuit < test : undefined,
        "The circuit grows before the test loss falls",
        "",
      ),
      "With the key frequencies alone, and without them",
    ),
  );
  yield prose(
    `*Restricted loss* keeps of the logits only ${keyOnes(key)}; *excluded loss* takes just them away, on the training pairs (Nanda et al. 2023). Over all pairs the loss is ${number(full)} nats and the restricted loss ${number(restricted)}; guessing costs ${number(Math.log(p))}. `,
    mechanism(
      "sufficient",
      key.length > 0 && restricted <= full && restricted < halfway,
      "The key frequencies alone answer at least as well as the whole network, at less than half of the cost of guessing. ",
      "The key frequencies alone do not both answer at least as well as the whole network and cost less than half of guessing. ",
    ),
    ...(dataKnown ? necessary(opened, halfway) : []),
    mechanism(
      "before",
      known ? circuit < test : undefined,
      `The restricted loss comes below half of guessing at step ${count(circuit ?? 0)}, the test loss only later, at step ${count(test ?? 0)}.`,
      `The restricted loss comes below half of guessing at step ${count(circuit ?? 0)}, the test loss no later, at step ${count(test ?? 0)}.`,
    ),
  );
  if (moments.length < 2) return;
  yield* losses(opened);
  yield* weights(opened);
}

function necessary({ seen }: Opened, halfway: number) {
  const { progress, performance, keyFrequencies: key } = seen;
  const [train, excluded] = [performance.loss.train, progress.excluded.all];
  return [
    mechanism(
      "necessary",
      key.length === 0 ? undefined : excluded > halfway && train < halfway,
      `Without them even the pairs that it was trained on cost more than half of guessing: ${number(excluded)} nats, and ${number(train)} with them. `,
      `On the pairs that it was trained on it has ${number(excluded)} nats without them and ${number(train)} with them: not more than half of guessing without them and less with them. `,
    ),
  ];
}

const over = (name: string, moments: readonly Moment[], value: (of: Moment) => number) => ({
  name,
  y: moments.map(value),
});

function* losses({ seen, moments }: Opened): Generator<Block> {
  const { keyFrequencies: key } = seen;
  const axes = { x: moments.map(({ step }) => step), xLabel: "step", yLabel: "loss (nats)" };
  yield figure(
    "progress-losses",
    "Full, restricted and excluded loss over training",
    "Restricted: of all pairs. Excluded: of the training pairs.",
    lines({
      ...{ ...axes, logY: true },
      series: [
        over("train", moments, (of) => of.full.train),
        over("test", moments, (of) => of.full.test),
        over("restricted", moments, (of) => of.restricted.all),
        over("excluded (train)", moments, (of) => of.excluded.all),
      ],
    }),
  );
  const end = moments.at(-1);
  if (key.length === 0 || end === undefined) return;
  const needed = key.filter((_, i) => (end.excluded.each[i] as number) > 10 * end.full.train);
  yield figure(
    "progress-excluded",
    "Excluded loss, one frequency at a time",
    `Training loss without one key frequency. At the end it is more than ten times the loss with all of them for these: ${list(needed)}.`,
    lines({
      ...{ ...axes, logY: true },
      series: key.map((k, i) =>
        over(`without ${k}`, moments, (of) => of.excluded.each[i] as number),
      ),
    }),
    { folded: true },
  );
}

function* weights({ seen, moments }: Opened): Generator<Block> {
  const x = moments.map(({ step }) => step);
  yield figure(
    "progress-gini",
    "Gini coefficients of the Fourier components",
    "0: all components alike; 1: all in one.",
    lines({
      series: [
        over("W_E", moments, (of) => of.giniEmbedding),
        over("W_L", moments, (of) => of.giniLogitMap),
      ],
      ...{ x, xLabel: "step", yLabel: "Gini coefficient" },
    }),
    { folded: true },
  );
  const squares = over("sum of squares", moments, (of) => of.sumOfSquaredWeights as number);
  const most = Math.max(...squares.y);
  yield figure(
    "progress-weights",
    "Sum of squared weights",
    `It starts at ${number(squares.y[0] as number)}, is ${number(most)} at most, at step ${count(x[squares.y.indexOf(most)] as number)}, and ends at ${number(squares.y.at(-1) as number)}.`,
    lines({ series: [squares], x, xLabel: "step", yLabel: "sum of squared weights" }),
    { folded: true },
  );
  yield figure(
    "progress-animation",
    "The embedding's frequencies, checkpoint by checkpoint",
    "Press play, or drag the slider.",
    animation({
      frames: x,
      panels: [
        {
          kind: "lines",
          title: "norm of each frequency of W_E",
          moving: [
            {
              name: "W_E",
              frames: moments.map((of) => ({ y: Float64Array.from(of.embeddingNorms) })),
            },
          ],
          x: frequenciesOf(seen.p),
          xLabel: "frequency",
          yLabel: "norm",
        },
      ],
    }),
    { folded: true },
  );
}
