/** The parts of the article about logits: all of them beside the trace, and those of a reader's pair. */

import {
  type Block,
  figure,
  formula,
  headline,
  isMost,
  mechanism,
  number,
  percent,
  prose,
  section,
  table,
} from "../../article/index.ts";
import type { NdArray } from "../../core/nd.ts";
import { bars, facets } from "../../figures/index.ts";
import { type FiniteGroup, groupByName } from "../../groups/index.ts";
import { inWords } from "./group-words.ts";
import { type Answer, answer, type LogitMaps, logitMaps } from "./measure.ts";
import { canDraw, type Shown } from "./model-sections.ts";
import { character, naturalRepresentation, traceTable } from "./representations/index.ts";

export async function* logitSection(shown: Shown): AsyncGenerator<Block> {
  const { opened, prefix, whose, snapshot, question } = shown;
  const { natural, key } = opened.traces;
  const holds = isMost(natural.fraction, 0);
  yield section(
    headline(
      mechanism(
        `${prefix}counts-fixed-points`,
        holds,
        `The logits of ${whose} mostly count fixed points of abc⁻¹`,
        "",
      ),
      `Logits of ${whose} and the trace`,
    ),
  );
  yield prose(
    "Hypothesis of the notebook: the logit of c is a trace, with ρ the permutation matrices, which counts the fixed points of abc⁻¹:",
  );
  yield formula(
    String.raw`\operatorname{Tr}\bigl(\rho(a)\,\rho(b)\,\rho(c)^{-1}\bigr) = \chi(abc^{-1})`,
  );
  yield prose(
    "Each row is centered over the answers first, since softmax does not see a constant. ",
    mechanism(
      `${prefix}trace-explains`,
      holds,
      `It explains ${percent(natural.fraction)} of the squares of the logits, at least half (mean cosine ${number(natural.cosine)}).`,
      `It explains ${percent(natural.fraction)} of the squares of the logits, less than half (mean cosine ${number(natural.cosine)}).`,
    ),
  );
  if (key !== null) {
    yield prose(
      "With the characters of the key representations, weighted as the logits have them, ",
      mechanism(
        `${prefix}weighted-trace-explains`,
        isMost(key.fraction, 0),
        `${percent(key.fraction)} of the squares are explained, at least half (mean cosine ${number(key.cosine)}). `,
        `${percent(key.fraction)} of the squares are explained, less than half (mean cosine ${number(key.cosine)}). `,
      ),
      `After softmax the cosines are ${number(natural.softmaxCosine)} and ${number(key.softmaxCosine)}; unlike the others these depend on the scale of the hypothesis, which is arbitrary, so they rank nothing.`,
    );
  }
  if (!canDraw(shown)) return;
  yield* logitFigures(shown, await snapshot.measure(logitMaps, question.group));
}

function* logitFigures({ prefix, question }: Shown, maps: LogitMaps): Generator<Block> {
  const group = groupByName(question.group);
  yield figure(
    `${prefix}logits`,
    "Logits over all pairs, as they come",
    "A constant added to all logits of a pair changes no answer, so compare a pair's logits with each other only.",
    facets({
      panels: maps.raw.map((z, c) => ({ title: `logit ${c}: ${group.label(c)}`, z })),
      columns: 4,
      xLabel: "b",
      yLabel: "a",
      valueLabel: "logit (nats)",
    }),
    { folded: true },
  );
  const hypothesis = hypothesisOf(group, maps.scale);
  const beside = (what: string, real: readonly NdArray[], guess: (i: number) => NdArray) =>
    real.flatMap((z, i) => [
      { title: `${what} ${i}`, z },
      { title: "hypothesis", z: guess(i) },
    ]);
  yield figure(
    `${prefix}logits-hypothesis`,
    "Real and hypothesized logits, one answer",
    "Pairs of maps: the logits of one answer, centered, and beside them the trace of the permutation matrices, scaled by one factor to fit.",
    facets({
      panels: beside("answer", maps.byAnswer, hypothesis.byAnswer),
      columns: 4,
      xLabel: "b",
      yLabel: "a",
      valueLabel: "logit (nats)",
    }),
  );
  yield figure(
    `${prefix}logits-hypothesis-first`,
    "Real and hypothesized logits, a fixed",
    "The same cut another way: all answers for one a.",
    facets({
      panels: beside("a =", maps.byFirst, hypothesis.byFirst),
      columns: 4,
      xLabel: "c",
      yLabel: "b",
      valueLabel: "logit (nats)",
    }),
    { folded: true },
  );
}

/** The scaled, centered trace of the permutation matrices over (a, b), and over (b, c). */
function hypothesisOf(group: FiniteGroup, scale: number) {
  const { order: n, table: products } = group;
  const { data } = traceTable(group, character(naturalRepresentation(group)));
  const means = Float64Array.from(
    { length: n },
    (_, g) => data.subarray(g * n, (g + 1) * n).reduce((sum, x) => sum + x, 0) / n,
  );
  const at = (pair: number, c: number): number => {
    const g = products[pair] as number;
    return scale * ((data[g * n + c] as number) - (means[g] as number));
  };
  const square = (entry: (row: number, column: number) => number): NdArray => ({
    dtype: "float32",
    shape: [n, n],
    data: Float32Array.from({ length: n * n }, (_, i) => entry(Math.floor(i / n), i % n)),
  });
  return {
    byAnswer: (c: number) => square((a, b) => at(a * n + b, c)),
    byFirst: (a: number) => square((b, c) => at(a * n + b, c)),
  };
}

/** Answers drawn at most, those with the largest logits. */
const mostAnswers = 24;

/** A pair of the reader's: the answer, and what each representation adds to each logit. */
export async function* ownPair(
  { snapshot, question, opened, prefix }: Shown,
  pair: readonly [number, number],
): AsyncGenerator<Block> {
  const group = groupByName(question.group);
  const got = await snapshot.measure(answer, question, pair);
  const [a, b] = pair;
  const product = group.table[a * group.order + b] as number;
  const order = got.logits.map((_, c) => c).sort((x, y) => at(got.logits, y) - at(got.logits, x));
  const best = order[0] as number;
  const rival = order.find((c) => c !== product) as number;
  const name = (c: number): string => `${c} = ${group.label(c)}`;
  yield section(`Your pair: ${a}, ${b}`);
  yield prose(
    `a is ${name(a)}, b is ${name(b)}, ab is ${name(product)}. The network answers ${name(best)}; the logit of ab is ${number(at(got.logits, product) - at(got.logits, rival))} above that of the next answer, ${name(rival)}.`,
  );
  const key = opened.keyRepresentations;
  yield table(
    `${prefix}pair-margin`,
    "What each representation adds to the logit of ab, less what it adds to the next answer",
    partsOf(got, key).map(({ title, logits }) => ({
      representation: title,
      "logit (nats)": number(at(logits, product) - at(logits, rival)),
    })),
  );
  const shown = order.slice(0, mostAnswers).sort((x, y) => x - y);
  yield figure(
    `${prefix}pair-logits`,
    `Logits for ${a}, ${b}`,
    `The part of the centered logits in the functions of c that each representation spans; the parts add up to the logits.${shown.length < group.order ? ` The ${shown.length} largest of ${group.order} are drawn.` : ""}`,
    bars({
      categories: shown.map((c) => group.label(c)),
      series: partsOf(got, key).map(({ title, logits }) => ({
        name: title,
        values: shown.map((c) => at(logits, c)),
      })),
      xLabel: "answer c",
      yLabel: "logit (nats)",
    }),
  );
}

const at = (values: readonly number[], i: number): number => values[i] as number;

/** The parts of the key representations, and what is left. */
function partsOf({ logits, parts }: Answer, key: readonly string[]) {
  const kept = parts.filter(({ irrep }) => key.includes(irrep));
  const rest = logits.map((x, c) => x - kept.reduce((sum, part) => sum + at(part.logits, c), 0));
  const size = (values: readonly number[]): number => Math.max(...values.map(Math.abs));
  const nothing = size(rest) < 1e-9 * size(logits);
  return [
    ...kept.map((part) => ({ title: inWords(part.irrep), logits: part.logits })),
    ...(nothing ? [] : [{ title: "everything else", logits: rest }]),
  ];
}
