/** The parts of the article about heads: attention, scores, composition, ablation. For any model. */

import { headNames } from "../../analysis/head-detector/index.ts";
import {
  type Block,
  claim,
  figure,
  formula,
  headline,
  isMost,
  list,
  mechanism,
  number,
  percent,
  prose,
  section,
  table,
} from "../../article/index.ts";
import { nd } from "../../core/nd.ts";
import { facets } from "../../figures/index.ts";
import { inductionToken } from "../../tasks/index.ts";
import type { Ablations, Heads, Losses } from "./measure.ts";
import { type Head, type HeadTable, headName, scoreOf, strongest } from "./scores.ts";
import { elhage, own } from "./sources.ts";

/** A model with what was measured of it. */
export interface Opened {
  /** Loss in nats of a model that guesses among all tokens that may come. */
  readonly guess: number;
  readonly losses: Losses;
  readonly heads: Heads;
  readonly ablations: Ablations;
}

/** Whose heads: begins ids ("published-") and titles ("Published run: "). */
export interface Whose {
  readonly id: string;
  readonly title: string;
  /** Whether papers and thresholds say what is to be found. */
  readonly judged: boolean;
}

/** "L1H0 gives 61 % and L1H3 gives 58 %". */
function given(heads: readonly Head[], scores: HeadTable): string {
  return list(heads.map((head) => `${headName(head)} gives ${percent(scoreOf(scores, head))}`));
}

function includes(heads: readonly Head[], head: Head): boolean {
  return heads.some((one) => headName(one) === headName(head));
}

/** What is asked of the two kinds of heads; none of it holds for a network that learned nothing. */
export function circuit({ guess, losses, heads, ablations }: Opened) {
  const { scores, chance, previousHeads, inductionHeads, composition, copied } = heads;
  const layers = (some: readonly Head[]) => [...new Set(some.map(([layer]) => layer))];
  const best = (kind: "previous" | "induction") => scoreOf(scores[kind], strongest(scores[kind]));
  const looksBack =
    isMost(best("previous"), chance.previous) && layers(previousHeads).join() === "0";
  const looksUp =
    isMost(best("induction"), chance.induction) && layers(inductionHeads).join() === "1";
  const learned = losses.later < guess / 2;
  const composing = inductionHeads.filter(([, head]) => {
    const column = composition.k.map((row) => row[head] as number);
    return includes(previousHeads, [0, column.indexOf(Math.max(...column))]);
  });
  const { whole, previous, paths } = ablations;
  return {
    learned,
    looksBack,
    looksUp,
    both: looksBack && looksUp,
    previousLayers: layers(previousHeads),
    inductionLayers: layers(inductionHeads),
    composing,
    copying: inductionHeads.map((head) => scoreOf(copied, head)),
    /** Of the loss that switching the previous-token heads off costs, what it costs in the keys alone. */
    keyShare: (paths.keys - whole) / (previous - whole),
  };
}

export function* attentionSection(whose: Whose, { heads }: Opened): Generator<Block> {
  const { tokens, starts, pattern } = heads.example;
  yield section(`${whose.title}Attention on one sequence`);
  yield prose(
    `The same tokens begin at positions ${list(starts)}. A previous-token head would show a line just below the diagonal; an induction head short lines where a copy looks back at an earlier one, shifted by one: at what came next. The scores below say how much of each there is; they are highest for ${list(heads.previousHeads.map(headName))} and for ${list(heads.inductionHeads.map(headName))}.`,
  );
  yield figure(
    `${whose.id}attention`,
    "Attention of each head",
    "Destination down, source across; hover for the tokens.",
    attentionFigure(tokens, pattern),
  );
}

/** All heads, or one, on some tokens; `pattern` is "layer head dest src". */
export function attentionFigure(
  tokens: readonly number[],
  { shape, data }: Heads["example"]["pattern"],
  only?: Head,
) {
  const [layers = 0, heads = 0, length = 0] = shape;
  const written = tokens.map((token, i) => `${i}: ${inductionToken(token)}`);
  const size = length ** 2;
  const all = Array.from({ length: layers * heads }, (_, i) => ({
    title: headName([Math.floor(i / heads), i % heads]),
    z: nd("float32", [length, length], data.subarray(i * size, (i + 1) * size)),
  }));
  const panels =
    only === undefined ? all : [all[only[0] * heads + only[1]] as (typeof all)[number]];
  return facets({
    panels,
    x: written,
    y: written,
    columns: Math.min(heads, panels.length),
    xLabel: "source",
    yLabel: "destination",
    sequential: true,
    range: [0, 1],
    valueLabel: "attention",
  });
}

/** Small tables "layer head" side by side. */
function tables(
  panels: readonly { readonly title: string; readonly z: HeadTable }[],
  rest: object,
) {
  const [rows, columns] = [panels[0]?.z.length ?? 0, panels[0]?.z[0]?.length ?? 0];
  return facets({
    panels,
    x: Array.from({ length: columns }, (_, head) => `H${head}`),
    y: Array.from({ length: rows }, (_, layer) => `L${layer}`),
    columns: panels.length,
    sequential: true,
    annotate: true,
    aspect: "auto",
    panelHeight: 44 * rows + 20,
    valueFormat: ".2f",
    ...rest,
  });
}

export function* scoreSection(whose: Whose, opened: Opened): Generator<Block> {
  const { scores, chance, detected, previousHeads, inductionHeads } = opened.heads;
  const { both } = circuit(opened);
  const best = strongest(detected.induction_head);
  yield section(
    headline(
      mechanism(
        `${whose.id}both-kinds`,
        both,
        `${whose.title}Heads that look back, and heads that look up`,
        "",
      ),
      `${whose.title}Scores of the heads`,
    ),
  );
  yield prose(
    `Where we know the copies we can say what share of its attention a head puts in the right place. To the token before, within the first copy, ${given(previousHeads, scores.previous)} (attention spread evenly: ${percent(chance.previous)}); within later copies ${given(previousHeads, scores.previousLater)}. From later copies to the token after the earlier occurrence, ${given(inductionHeads, scores.induction)} (spread evenly: ${percent(chance.induction)}). These are the heads with at least half of the largest score.`,
  );
  yield prose(
    `The head detector of TransformerLens knows nothing of copies: it compares the attention on whole sequences, random tokens included, with the pattern that a kind of head would have. Its best previous-token head is ${headName(strongest(detected.previous_token_head))}, its best induction head ${headName(best)} (${number(scoreOf(detected.induction_head, best))}).`,
  );
  yield figure(
    `${whose.id}scores`,
    "Attention in the right place",
    "Mean attention from the first copy to the token before; from later copies to the same token, and to the token after it.",
    tables(
      [
        { title: "previous token", z: scores.previous },
        { title: "same token", z: scores.duplicate },
        { title: "induction", z: scores.induction },
      ],
      { valueLabel: "attention" },
    ),
  );
  yield figure(
    `${whose.id}detector`,
    "What the head detector says",
    "Share of all attention that falls on the pattern of each kind of head.",
    tables(
      headNames.map((name) => ({ title: name, z: detected[name] })),
      { valueLabel: "score" },
    ),
    { folded: true },
  );
  if (whose.judged) yield* scoreClaims(whose, opened);
}

function* scoreClaims(whose: Whose, opened: Opened): Generator<Block> {
  const { previousHeads, inductionHeads, detected } = opened.heads;
  const { previousLayers, inductionLayers } = circuit(opened);
  for (const [name, kind, some, layers, expected] of [
    ["previous", "previous_token_head", previousHeads, previousLayers, 0],
    ["induction", "induction_head", inductionHeads, inductionLayers, 1],
  ] as const) {
    const words = kind.replaceAll("_", "-").replace("-head", " head");
    const text = says(whose, `layers of the ${words}s`);
    yield claim(`${whose.id}${name}-layers`, text, elhage, [expected], layers);
    yield claim(
      `${whose.id}detector-${name}`,
      says(whose, `the head detector's best ${words} is one of them`),
      { ...own, at: "two measures of the same heads" },
      true,
      includes(some, strongest(detected[kind])),
    );
  }
}

function says({ title }: Whose, text: string): string {
  return title === "" ? text : `${title[0]?.toLowerCase()}${title.slice(1)}${text}`;
}

export function* compositionSection(whose: Whose, opened: Opened): Generator<Block> {
  const { guess, heads } = opened;
  const { composition, previousHeads, inductionHeads } = heads;
  const { both, composing, copying } = circuit(opened);
  const first = previousHeads.filter(([layer]) => layer === 0);
  const second = inductionHeads.filter(([layer]) => layer === 1);
  const reading = first.map(([, head]) => {
    const scores = second.map((one) => number(scoreOf(composition.k, [head, one[1]])));
    return `with L0H${head} the K-composition of ${list(second.map(headName))} is ${list(scores)}`;
  });
  yield section(`${whose.title}Who reads whom`);
  yield prose(
    `How strongly does a head of layer 1 read what a head of layer 0 writes? The composition score of Elhage et al. 2021 is the norm of the product of the two matrices over the product of their norms, below for keys; random weights of this size give ${number(composition.random)}. An induction head looks for positions by their predecessor, so its *keys* should read a previous-token head${first.length * second.length > 0 ? `: ${reading.join("; ")}` : ""}. `,
    mechanism(
      `${whose.id}keys-compose`,
      both ? composing.length === inductionHeads.length : undefined,
      "The K-composition of every induction head is largest with a previous-token head.",
      `Of ${inductionHeads.length} induction heads ${composing.length} have their largest K-composition with a previous-token head.`,
    ),
  );
  yield formula(
    "\\frac{\\lVert W_V^0 W_O^0 \\, W_K^1 (W_Q^1)^{\\mathsf{T}} \\rVert}{\\lVert W_V^0 W_O^0 \\rVert \\, \\lVert W_K^1 (W_Q^1)^{\\mathsf{T}} \\rVert}",
  );
  yield figure(
    `${whose.id}composition`,
    "Composition scores",
    "Rows: heads of layer 0 that write. Columns: heads of layer 1 that read with their queries, keys or values.",
    tables(
      [
        { title: "queries", z: composition.q },
        { title: "keys", z: composition.k },
        { title: "values", z: composition.v },
      ],
      {
        x: (composition.k[0] ?? []).map((_, head) => headName([1, head])),
        y: composition.k.map((_, head) => headName([0, head])),
        panelHeight: 44 * composition.k.length + 20,
        valueLabel: "score",
      },
    ),
  );
  yield prose(
    `What does an induction head write about the token that it finds? Each token's embedding through $W_V$, $W_O$ and $W_U$: of all tokens, the share that raise their own logit most is ${list(inductionHeads.map((head, i) => `${percent(copying[i] as number)} for ${headName(head)}`))}. `,
    mechanism(
      `${whose.id}copies`,
      both ? copying.every((share) => isMost(share, Math.exp(-guess))) : undefined,
      "They copy what they find.",
      "Not every one of them copies by this path alone.",
    ),
  );
  if (!whose.judged) return;
  yield claim(
    `${whose.id}k-composition`,
    says(whose, "induction heads whose K-composition is largest with a previous-token head"),
    elhage,
    inductionHeads.length,
    composing.length,
  );
}

export function* ablationSection(whose: Whose, opened: Opened): Generator<Block> {
  const { guess, ablations, heads } = opened;
  const { previousHeads, inductionHeads } = heads;
  const { whole, zero, mean, previous, induction, paths } = ablations;
  const { learned, both, keyShare } = circuit(opened);
  const alone = (some: readonly Head[]): string =>
    some.length === 1
      ? ""
      : ` (alone: ${list(some.map((head) => `${headName(head)} ${number(scoreOf(mean, head))}`))})`;
  const needed = learned && Math.min(previous, induction) >= guess / 2;
  yield section(
    headline(
      mechanism(`${whose.id}needed`, needed, `${whose.title}It needs both kinds of heads`, ""),
      `${whose.title}What the heads are needed for`,
    ),
  );
  yield prose(
    `Each head's output replaced by its mean at that position, or by zero. The loss on later copies is ${number(whole)} nats with all heads, and ${number(guess)} when guessing. Without ${list(previousHeads.map(headName))} it is ${number(previous)}${alone(previousHeads)}, without ${list(inductionHeads.map(headName))} ${number(induction)}${alone(inductionHeads)}.`,
  );
  yield figure(
    `${whose.id}ablation`,
    "Loss on later copies without a head",
    "In nats.",
    tables(
      [
        { title: "replaced by its mean", z: mean },
        { title: "replaced by zero", z: zero },
      ],
      { valueLabel: "loss (nats)" },
    ),
  );
  yield prose(
    `By which way are previous-token heads needed? Path patching: the output of ${list(previousHeads.map(headName))} is replaced by its mean only in what the queries, the keys or the values of layer 1 read, and is there for everything else. `,
    mechanism(
      `${whose.id}through-keys`,
      needed && both ? isMost(keyShare, 1 / 3) : undefined,
      `In the keys alone this costs ${percent(keyShare)} of what it costs everywhere: layer 1 uses what these heads write mostly in its keys, to find positions.`,
      `In the keys alone this costs ${percent(keyShare)} of what it costs everywhere, less than half of the way from a third to all.`,
    ),
  );
  yield table(`${whose.id}paths`, "Loss on later copies without what previous-token heads write", [
    ...Object.entries({ nowhere: whole, ...paths, everywhere: previous }).map(([where, loss]) => ({
      "missing in": where,
      "loss (nats)": number(loss),
    })),
  ]);
  if (whose.judged) yield* ablationClaims(whose, opened);
}

function* ablationClaims(whose: Whose, opened: Opened): Generator<Block> {
  const { guess, ablations } = opened;
  const half = { atLeast: "half of guessing: most of what is known is lost" };
  for (const [name, kind] of [
    ["previous", "previous-token"],
    ["induction", "induction"],
  ] as const) {
    const text = `loss on later copies without the ${kind} heads, as a share of guessing`;
    const share = ablations[name] / guess;
    yield claim(`${whose.id}ablate-${name}`, says(whose, text), own, 0.5, share, half);
  }
  yield claim(
    `${whose.id}through-keys`,
    says(
      whose,
      "of what switching the previous-token heads off costs, what it costs in the keys alone",
    ),
    own,
    2 / 3,
    circuit(opened).keyShare,
    { atLeast: "half of the way from a third, which is chance among queries, keys and values" },
  );
}
