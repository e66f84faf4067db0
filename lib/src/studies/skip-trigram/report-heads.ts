/** The part of the article about the heads: on one sequence, by their weights, and answer by answer. */

import type { NdArray } from "../../core/nd.ts";
import { facets, heatmap, markup } from "../../figures/index.ts";
import { answerPairs } from "../../tasks/index.ts";
import { list, number, percent } from "../shared/words.ts";
import type { ReportSection } from "../study.ts";
import { rowsOf } from "./claims.ts";
import type { HeadCircuits, OpenedSequence, SignalHeads } from "./open.ts";

const tokenNames = Array.from({ length: 11 }, (_, token) => String(token));
const answerNames = answerPairs().map(([a, b], answer) => `${answer} = (${a}, ${b})`);

export function sequenceSection(when: string, id: string, one: OpenedSequence): ReportSection {
  const { tokens, logits, pattern, perHead, bias } = one;
  const heads = pattern.shape[0] as number;
  const last = tokens.length - 1;
  const answer = logits.indexOf(Math.max(...logits));
  const written = tokens.join(" ");
  const contributions = [
    ...Array.from({ length: heads }, (_, head) => rowsOf(perHead, head)[last] as number[]),
    [...bias],
    tokenNames.map((_, token) => Number(token === tokens[last])),
  ];
  return {
    title: `${when}: the sequence ${written}`,
    prose: [
      `Its largest logit is that of ${answer}, ${number(logits[answer] as number)}. The logits are the sum of the rows below: the heads, the bias, and the last token itself, which the residual stream passes through.`,
    ],
    figures: [
      {
        id: `pattern-${id}`,
        title: "Attention of each head",
        see: `Rows attend to columns. The last token gives ${list(
          Array.from({ length: heads }, (_, head) =>
            percent((rowsOf(pattern, head)[last] as number[])[last - 1] as number),
          ),
        )} of its attention to the token before it, head by head.`,
        figure: facets({
          panels: Array.from({ length: heads }, (_, head) => ({
            title: `head ${head}`,
            z: rowsOf(pattern, head),
          })),
          x: tokens.map((token, pos) => markup`${token} <sub>${pos}</sub>`),
          y: tokens.map((token, pos) => markup`${token} <sub>${pos}</sub>`),
          columns: heads,
          xLabel: "attended token",
          yLabel: "token",
          sequential: true,
          range: [0, 1],
        }),
      },
      {
        id: `contributions-${id}`,
        title: "What each head adds to the logits at the last position",
        see: "Columns add up to the logits. The bias has its own row: adding it to each head, as the notebook does, counts it once per head.",
        figure: heatmap({
          z: contributions,
          x: tokenNames,
          y: [...headNames(heads), markup`bias b<sub>O</sub>`, "residual"],
          xLabel: "logit",
          annotate: true,
          valueFormat: ".2f",
          aspect: "auto",
          height: 100 + 44 * (heads + 2),
        }),
      },
    ],
  };
}

export function circuitsSection({ qk, ov }: HeadCircuits): ReportSection {
  const heads = qk.shape[0] as number;
  const panels = (tables: NdArray) =>
    headNames(heads).map((title, head) => ({ title, z: rowsOf(tables, head) }));
  return {
    title: "The heads by their weights",
    prose: [
      "With a one-hot embedding the weights of a head are tables of tokens. A head of width one has tables of rank one: a number per query times a number per key, and a number per attended token times one fixed direction of logits.",
    ],
    figures: [
      {
        id: "qk",
        title: "QK: attention score of each token for each token",
        see: "Only the row of 0 matters for signal: 0 is always the last token. It tells the numbers 1 … 4 from the fillers 5 … 10, and from each other.",
        figure: facets({
          panels: panels(qk),
          x: tokenNames,
          y: tokenNames,
          columns: heads,
          xLabel: "key",
          yLabel: "query",
        }),
      },
      {
        id: "ov",
        title: "OV: what attending a token adds to each logit",
        see: "Every row of a head is a multiple of the same direction. Numbers with multiples of opposite sign push the same answers up and down.",
        figure: facets({
          panels: panels(ov),
          x: tokenNames,
          y: tokenNames,
          columns: heads,
          xLabel: "logit",
          yLabel: "attended token",
        }),
      },
    ],
  };
}

export function answersSection(signal: SignalHeads): ReportSection {
  const heads = signal.withoutHead.shape[0] as number;
  const answers = answerNames.length;
  const without = Array.from({ length: heads }, (_, head) => [
    ...signal.withoutHead.data.subarray(head * answers, (head + 1) * answers),
  ]);
  const needed = without.map((row) =>
    row.flatMap((share, answer) => (share < (signal.perAnswer[answer] as number) ? [answer] : [])),
  );
  return {
    title: "Which answers each head writes",
    prose: [
      `${needed
        .map((own, head) =>
          own.length === 0
            ? `Without head ${head} every answer stays as right as it was.`
            : `Without head ${head} the answers ${list(own)} suffer.`,
        )
        .join(" ")} ${sharing(needed)}`,
    ],
    figures: [
      {
        id: "without-head",
        title: "Share of each answer that is right without one head",
        see: "Over all signal sequences; the head's output is replaced by its mean over them.",
        figure: heatmap({
          z: [...without, [...signal.perAnswer]],
          x: answerNames,
          y: [...headNames(heads).map((name) => `without ${name}`), "all heads"],
          xLabel: "answer",
          sequential: true,
          range: [0, 1],
          annotate: true,
          valueFormat: ".2f",
          aspect: "auto",
          height: 130 + 44 * (heads + 1),
        }),
      },
      {
        id: "writes",
        title: "What each head adds for each pair",
        see: "Mean over the sequences of a pair, less the mean over all pairs. The diagonal is the right answer.",
        figure: facets({
          panels: headNames(heads).map((title, head) => ({
            title,
            z: rowsOf(signal.writes, head),
          })),
          x: tokenNames,
          y: answerNames,
          columns: heads,
          xLabel: "logit",
          yLabel: "right answer",
        }),
      },
    ],
  };
}

/** Which answers need several heads, and which none in particular. */
function sharing(needed: readonly (readonly number[])[]): string {
  const heads = answerPairs().map((_, answer) => needed.filter((own) => own.includes(answer)));
  const answers = (wanted: (count: number) => boolean): number[] =>
    heads.flatMap((own, answer) => (wanted(own.length) ? [answer] : []));
  return `Needing one head: ${list(answers((n) => n === 1))}; several: ${list(answers((n) => n > 1))}; none in particular: ${list(answers((n) => n === 0))}.`;
}

function headNames(heads: number): string[] {
  return Array.from({ length: heads }, (_, head) => `head ${head}`);
}
