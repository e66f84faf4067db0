/** The part of an article about attention: what the last token looks at. */

import {
  type Block,
  count,
  explore,
  figure,
  headline,
  isMost,
  mechanism,
  number,
  percent,
  prose,
  section,
} from "../../../article/index.ts";
import type { NdArray } from "../../../core/nd.ts";
import { facets, heatmap, lines } from "../../../figures/index.ts";
import { type Curves, lastOf } from "../../../lab/index.ts";
import type { Opened } from "./inside.ts";
import type { Before, Circuit } from "./measure.ts";
import { grokked, milestones } from "./training-section.ts";
import { checkedIndex, columnOf, keyOnes, mapOf, range, withChance } from "./words.ts";

/** Mean over the heads of the attention to a, b and "=". */
function averages(mean: NdArray): readonly number[] {
  const heads = mean.shape[0] as number;
  return range(3).map((src) => columnOf(mean, src).reduce((sum, share) => sum + share, 0) / heads);
}

const readsBoth = ({ mean }: Before | Circuit["attention"]): boolean =>
  Math.min(...averages(mean).slice(0, 2)) >= 0.4;

export function* attention(opened: Opened, curves: Curves): Generator<Block> {
  const { seen, before } = opened;
  const { attention: a, keyFrequencies: key, summary } = seen;
  const wavy = key.reduce((sum, k) => sum + (a.shares[k - 1] ?? 0), 0);
  const [first, second, self] = averages(a.mean).map(percent);
  yield section(
    headline(
      mechanism(
        "reads-both",
        before === undefined ? undefined : readsBoth(a) && !readsBoth(before),
        "Attention: it has learned to read both numbers",
        "",
      ),
      "What it attends to",
    ),
  );
  yield prose(
    `Only the last token, \`=\`, has to answer, and only its attention can bring the two numbers there. Over all heads and pairs a gets ${first} of it, b ${second} and \`=\` itself ${self} ([](#attention-mean)). In ${percent(a.hard)} of all pairs and heads a single token gets more than 99 %; the mean entropy is ${number(a.entropy)} nats, of ${number(Math.log(3))} for equal shares. `,
    mechanism(
      "attention-periodic",
      isMost(wavy, summary.uniformNeuronVariance),
      `Attention is itself periodic: as a function of the pair it has ${withChance(wavy, summary.uniformNeuronVariance)} of its variance in ${keyOnes(key)}.`,
      `As a function of the pair it has ${withChance(wavy, summary.uniformNeuronVariance)} of its variance in ${keyOnes(key)}, less than half of the way from chance to all.`,
    ),
  );
  yield meanFigure(a);
  yield eachHead(opened);
  yield* overTraining(opened, curves);
}

function meanFigure({ mean }: Circuit["attention"]): Block {
  const names = range(mean.shape[0] as number).map((head) => `head ${head}`);
  return figure(
    "attention-mean",
    "Mean attention of the last token",
    "Averages over all pairs, one row per head.",
    heatmap({
      ...{ z: mean, x: ["a", "b", "="], y: names, xLabel: "attended token", yLabel: "head" },
      ...{ sequential: true, range: [0, 1], annotate: true, valueFormat: ".3f" },
      ...{ aspect: "auto", height: 80 + 44 * names.length },
    }),
  );
}

function eachHead({ study, seen: { attention: a }, view }: Opened): Block {
  const heads = a.mean.shape[0] as number;
  const head = checkedIndex(`${study}: head`, view.head ?? 0, heads);
  return explore("head", range(heads), head, (one) => [oneHead(a, one)]);
}

function oneHead(a: Circuit["attention"], head: number): Block {
  const shares = range(3).map((src) => percent(a.mean.data[3 * head + src] as number));
  return figure(
    "attention-head",
    `Head ${head}: attention to a and to b`,
    `For every pair. On average it pays ${shares[0]} to a, ${shares[1]} to b and ${shares[2]} to \`=\`.`,
    facets({
      panels: [
        { title: "to a", z: mapOf(a.toFirst, head) },
        { title: "to b", z: mapOf(a.toSecond, head) },
      ],
      ...{ columns: 2, xLabel: "b", yLabel: "a" },
      ...{ sequential: true, range: [0, 1], valueLabel: "attention" },
    }),
  );
}

/** How hard attention selects, checkpoint by checkpoint. */
function* overTraining({ moments }: Opened, curves: Curves): Generator<Block> {
  const end = moments.at(-1);
  if (end === undefined || moments.length < 2 || curves.step.length === 0) return;
  const { peakStep } = milestones(curves);
  const far = ({ step }: { readonly step: number }) => Math.abs(step - peakStep);
  const memory = moments.reduce((best, one) => (far(one) < far(best) ? one : best));
  const shown = `The test loss is largest at step ${count(peakStep)}. At the checkpoint nearest to that, step ${count(memory.step)}, a single token gets more than 99 % of the attention in ${percent(memory.hard)} of all pairs and heads, and at step ${count(end.step)} in ${percent(end.hard)}; the mean entropy is ${number(memory.entropy)} and then ${number(end.entropy)} nats.`;
  yield figure(
    "attention-hardness",
    "How hard attention selects, checkpoint by checkpoint",
    [
      `${shown} `,
      mechanism(
        "attention-softens",
        memory.hard >= 0.5 && end.hard < memory.hard / 2 && grokked(lastOf(curves.testAccuracy)),
        "Attention mostly selects one token while the network memorizes, and less than half as often once it has grokked.",
        "It is not so that attention mostly selects one token while the network memorizes, and less than half as often once it has grokked.",
      ),
    ],
    lines({
      x: moments.map(({ step }) => step),
      series: [
        { name: "share of pairs and heads above 99 %", y: moments.map(({ hard }) => hard) },
        {
          name: "mean entropy / ln 3",
          y: moments.map(({ entropy }) => entropy / Math.log(3)),
        },
      ],
      xLabel: "step",
      yLabel: "share",
    }),
  );
}
