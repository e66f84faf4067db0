/** The part of an article about compact proofs, for every max-of-n model. */

import {
  type Block,
  claim,
  count,
  figure,
  mechanism,
  number,
  percent,
  prose,
} from "../../article/index.ts";
import { bars, scatter } from "../../figures/index.ts";
import type { Losses, Proofs } from "./measure.ts";
import { gross } from "./sources.ts";

const names = { bruteForce: "brute force", cubic: "cubic", subcubic: "sub-cubic" } as const;

/** The proofs that were made, by name. */
function proofsMade(proofs: Proofs) {
  return (["bruteForce", "cubic", "subcubic"] as const).flatMap((kind) => {
    const bound = proofs[kind];
    return bound === null ? [] : [{ kind, name: names[kind], ...bound }];
  });
}

/** What each proof promises and costs; `how` says what the two compact ones look at. */
export function* proofProse(proofs: Proofs, how: string): Generator<Block> {
  const each = proofsMade(proofs).map(
    ({ name, correct, accuracy, flop }) =>
      `${name}, ${count(correct)} sequences (${percent(accuracy)}) for ${count(flop)} operations`,
  );
  yield prose(
    `How much of its accuracy can be *proved*? Running all ${count(proofs.cubic.total)} sequences proves the accuracy itself. A compact proof groups sequences and bounds every group at its worst; how much a short proof gives away tells how well the model is understood (Gross et al. 2024). ${how}`,
  );
  yield prose(`Operations counted where they are done, tables included: ${each.join("; ")}.`);
}

/** Loss and accuracy of the model, however it was trained. */
export function answersProse({ count: sequences, whole, loss, accuracy }: Losses): Block {
  const which = whole
    ? `all ${count(sequences)} sequences`
    : `${count(sequences)} sequences drawn at random`;
  return prose(
    `Over ${which} the loss is ${number(loss)} nats, and ${percent(accuracy)} are answered correctly.`,
  );
}

/** What each proof costs, as bars. */
export function priceFigure(proofs: Proofs): Block {
  const made = proofsMade(proofs);
  const { bruteForce, subcubic } = proofs;
  const shorter = bruteForce === null ? undefined : subcubic.flop < bruteForce.flop;
  const ratio = bruteForce === null ? 0 : subcubic.flop / bruteForce.flop;
  return figure(
    "proof-price",
    "What each proof costs",
    [
      "Floating-point operations; in brackets the share of sequences proved. ",
      mechanism(
        "compact-proof",
        shorter === undefined ? undefined : shorter && subcubic.correct > 0.5 * subcubic.total,
        `The sub-cubic proof takes ${percent(ratio)} of the operations of brute force, and leaves ${count((bruteForce?.correct ?? 0) - subcubic.correct)} right answers unproved.`,
        `The sub-cubic proof takes ${percent(ratio)} of the operations of brute force and covers ${percent(subcubic.accuracy)} of the sequences.`,
      ),
    ],
    bars({
      categories: made.map(({ name, accuracy }) => `${name} (${percent(accuracy)})`),
      series: [{ name: "operations", values: made.map(({ flop }) => flop) }],
      yLabel: "operations",
      height: 340,
    }),
  );
}

/** Accuracy proved over cost: for proofs that give something away. */
export function costFigure(proofs: Proofs): Block {
  return figure(
    "proof-cost",
    "What each proof promises, and what it costs",
    "To the left is shorter, up is better. Brute force stands at the accuracy itself; no proof can stand above it.",
    scatter({
      groups: proofsMade(proofs).map(({ name, accuracy, flop }) => ({
        name: `${name}: ${percent(accuracy)}`,
        x: [flop],
        y: [accuracy],
      })),
      logX: true,
      xLabel: "floating-point operations",
      yLabel: "accuracy proved",
    }),
  );
}

/** No proof may cover more than is true; `seed` names one of several models. */
export function* boundClaims(
  { bruteForce, cubic, subcubic }: Proofs,
  seed?: number,
): Generator<Block> {
  if (bruteForce === null) return;
  const [id, text] = seed === undefined ? ["", ""] : [`-${seed}`, ` (seed ${seed})`];
  for (const [name, bound] of [
    ["cubic", cubic],
    ["sub-cubic", subcubic],
  ] as const) {
    yield claim(
      `${name.replace("-", "")}-bound${id}`,
      `sequences that the ${name} proof covers, against those that are right${text}`,
      gross,
      bruteForce.correct,
      bound.correct,
      { atMost: "a proof of more than is true would be an error" },
    );
  }
}
