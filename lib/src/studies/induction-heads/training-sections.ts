/** The parts of the article about training: the fall of the loss, and which heads come with it. */

import {
  type Block,
  behavior,
  claim,
  count,
  figure,
  headline,
  list,
  number,
  percent,
  prose,
  section,
} from "../../article/index.ts";
import { lines } from "../../figures/index.ts";
import { type Curves, lastOf } from "../../lab/index.ts";
import type { Opened } from "./head-sections.ts";
import type { Losses, Moment } from "./measure.ts";
import type { InductionHeadsParams } from "./params.ts";
import { type Head, headName, scoreOf, strongest } from "./scores.ts";
import { olsson, own } from "./sources.ts";

/** Checkpoints with what was measured of each. */
export interface Followed {
  readonly steps: readonly number[];
  readonly moments: readonly Moment[];
}

/** Logged values that a running mean is over. */
const window = 3;

/** The first logged step at which the mean of the last three losses is below; undefined if none. */
export function stepBelow(
  step: readonly number[],
  loss: readonly number[],
  threshold: number,
): number | undefined {
  for (let i = window - 1; i < loss.length; i++) {
    const last = loss.slice(i - window + 1, i + 1);
    if (last.reduce((a, b) => a + b, 0) / window < threshold) return step[i];
  }
  return undefined;
}

/** How long the fall from nine tenths to a quarter of guessing takes; to the end where it has none. */
function fallOf({ steps }: InductionHeadsParams, { step, trainLoss }: Curves, guess: number) {
  const from = stepBelow(step, trainLoss, 0.9 * guess);
  const to = stepBelow(step, trainLoss, guess / 4);
  return { from, to, share: ((to ?? steps) - (from ?? 0)) / steps };
}

/** Most of the training that a sudden fall may take. */
const sudden = 0.25;

export function* lossSection(
  params: InductionHeadsParams,
  curves: Curves,
  { guess, losses }: Opened,
  { steps, moments }: Followed,
  published: readonly number[],
): Generator<Block> {
  const { from, to, share } = fallOf(params, curves, guess);
  const copies = copyCurves(curves);
  const halves = copies.map(({ y }) => stepBelow(curves.step, y, guess / 2));
  yield section(
    headline(
      behavior("falls-suddenly", to !== undefined && share <= sudden, "A sudden fall", ""),
      "Loss during training",
    ),
  );
  yield prose(
    `Every batch is new, so its loss before the update is train and test loss in one. Guessing costs ${number(guess)} nats, and the first batch ${number(curves.trainLoss[0] ?? Number.NaN)}. `,
    behavior(
      "loss-falls",
      to !== undefined,
      `The loss falls below nine tenths of guessing at step ${count(from ?? 0)} and below a quarter at step ${count(to ?? 0)}, ${percent(share)} of the training later.`,
      `The loss has not fallen below a quarter of guessing by step ${count(lastOf(curves.step))}.`,
    ),
    ` The last batch has ${number(lastOf(curves.trainLoss))}. `,
    behavior(
      "all-copies-learned",
      halves.length === 0 ? undefined : halves.every((step) => step !== undefined),
      `The copies fall through half of guessing at ${steppedList(halves)}.`,
      "Not every copy has fallen through half of guessing.",
    ),
  );
  yield prose(
    "The first copy is never trained on, and nothing predicts it. ",
    behavior(
      "first-copy-costs-more",
      losses.first > guess,
      `There the model pays ${number(losses.first)} nats, more than guessing: it bets on tokens that do not come.`,
      `There the model pays ${number(losses.first)} nats, no more than guessing.`,
    ),
  );
  const first = {
    name: "first copy (at checkpoints)",
    x: steps,
    y: moments.map((one) => one.first),
    color: 0,
    points: "with line" as const,
  };
  yield figure(
    "loss",
    "Loss on the tokens that can be known",
    `All but the first token of the second and later copies.${published.length === 0 ? "" : " Faint: the published run, in which an update sees 128 sequences, at a learning rate of 0.001."}`,
    lines({
      x: curves.step,
      series: [
        ...copies,
        ...(published.length === 0 ? [] : [publishedSeries(published, params.steps)]),
        first,
      ],
      xLabel: "step",
      yLabel: "loss (nats)",
      references: [{ value: guess, label: `guessing, ln ${Math.round(Math.exp(guess))}` }],
    }),
  );
}

function steppedList(steps: readonly (number | undefined)[]): string {
  const each = [...new Set(steps)].map((step) => count(step ?? 0));
  return `${each.length === 1 ? "step" : "steps"} ${list(each)}`;
}

/** A curve for each later copy, from the columns `copy2`, `copy3`, …. */
function copyCurves({ rows }: Curves) {
  const names = Object.keys(rows[0] ?? {}).filter((name) => /^copy\d+$/.test(name));
  return names.map((name, i) => ({
    name: `copy ${name.slice("copy".length)}`,
    y: rows.map((row) => row[name] as number),
    color: i + 1,
  }));
}

/** The stored losses up to the last step of this run, every tenth. */
function publishedSeries(losses: readonly number[], steps: number) {
  const step = losses.map((_, i) => i).filter((i) => i % 10 === 0 && i <= steps);
  return {
    name: "published run",
    x: step,
    y: step.map((i) => losses[i] as number),
    faint: true,
    color: 1,
  };
}

export function placesFigure({ places }: Losses): Block {
  const length = places[0]?.length ?? 0;
  return figure(
    "places",
    "Loss of each token of a copy",
    "The first token of a copy cannot be known. The other tokens of later copies only have to be looked up.",
    lines({
      x: Array.from({ length }, (_, i) => i + 1),
      series: places.map((y, copy) => ({
        name: `copy ${copy + 1}`,
        y,
        points: "with line" as const,
        color: copy,
      })),
      xLabel: "token of the copy",
      yLabel: "loss (nats)",
      height: 340,
    }),
  );
}

/** When a head first has half of its score at the end. */
function halfway(kind: "previous" | "induction", head: Head, { steps, moments }: Followed): number {
  const last = scoreOf(moments.at(-1)?.[kind] ?? [], head);
  return steps[moments.findIndex((one) => scoreOf(one[kind], head) >= last / 2)] ?? 0;
}

/** How fast the loss falls, and whether the induction heads come with it. */
export function* fallClaims(
  params: InductionHeadsParams,
  curves: Curves,
  { guess, heads }: Opened,
  followed: Followed,
): Generator<Block> {
  const { from, to, share } = fallOf(params, curves, guess);
  yield claim(
    "phase-change",
    "share of the training in which the loss falls from 0.9 to 0.25 of guessing",
    own,
    sudden,
    share,
    { atMost: "a quarter of the training, for what Olsson et al. 2022 call a phase change" },
  );
  yield claim(
    "heads-in-the-fall",
    "step at which the strongest induction head first has half of its final score: during that fall",
    olsson,
    [(from ?? 0) - params.checkpointEvery, (to ?? params.steps) + params.checkpointEvery],
    halfway("induction", strongest(heads.scores.induction), followed),
    { between: "its ends, with a checkpoint before and after: heads are seen only there" },
  );
}

export function* developmentSection(
  curves: Curves,
  { guess, heads }: Opened,
  followed: Followed,
): Generator<Block> {
  const { steps, moments } = followed;
  const half = stepBelow(curves.step, curves.trainLoss, guess / 2);
  const when = (kind: "previous" | "induction", some: readonly Head[]): string =>
    list(some.map((head) => `${headName(head)} at step ${count(halfway(kind, head, followed))}`));
  yield section("The heads over training");
  yield prose(
    `At each checkpoint, the attention of every head on what it would look at as a previous-token head and as an induction head. A head reaches half of its final attention to the token before as follows: ${when("previous", heads.previousHeads)}. It reaches half of its final attention to what came next as follows: ${when("induction", heads.inductionHeads)}. `,
    behavior(
      "halfway",
      half !== undefined,
      `The loss falls through half of guessing at step ${count(half ?? 0)}.`,
      "The loss does not fall through half of guessing.",
    ),
  );
  for (const [kind, title, see] of [
    ["previous", "Attention to the previous token", "Within the first copy, at each checkpoint."],
    [
      "induction",
      "Attention to what followed the same token before",
      "From later copies, at each checkpoint.",
    ],
  ] as const) {
    yield figure(
      `${kind}-steps`,
      title,
      see,
      lines({
        x: steps,
        series: byHead(kind, moments),
        xLabel: "step",
        yLabel: "attention",
        height: 360,
      }),
    );
  }
}

/** The score of each head over the checkpoints. */
function byHead(kind: "previous" | "induction", moments: readonly Moment[]) {
  return (moments[0]?.[kind] ?? []).flatMap((row, layer) =>
    row.map((_, head) => ({
      name: headName([layer, head]),
      y: moments.map((one) => scoreOf(one[kind], [layer, head])),
      points: "with line" as const,
    })),
  );
}
