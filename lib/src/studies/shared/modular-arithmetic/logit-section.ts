/** The part of an article about logits: cosines of a + b - c, over all pairs and for a reader's own. */

import { fourierBasis, topFrequencies } from "../../../analysis/fourier/index.ts";
import {
  type Block,
  behavior,
  figure,
  headline,
  isMost,
  list,
  mechanism,
  percent,
  prose,
  section,
} from "../../../article/index.ts";
import { InputError } from "../../../core/errors.ts";
import { bars, lines, type PlotlyFigure } from "../../../figures/index.ts";
import type { Opened } from "./inside.ts";
import { answer, type Circuit } from "./measure.ts";
import { frequenciesOf, keyOnes, range, withChance } from "./words.ts";

/** What a cosine explains of logits without structure. */
export const chanceOfCosines = ({ p, keyFrequencies }: Circuit): number =>
  keyFrequencies.length / (p ** 2 * (p - 1));

export function* logits({ seen }: Opened): Generator<Block> {
  const { logits: l, summary: s, keyFrequencies: key, found } = seen;
  const share = withChance(s.logits, chanceOfCosines(seen));
  yield section(
    headline(
      mechanism(
        "logits-cosines",
        isMost(s.logits, chanceOfCosines(seen)),
        "Logits are cosines of a + b − c",
        "",
      ),
      "The logits",
    ),
  );
  yield prose(
    `A network that computes cos w(a + b − c) for its key frequencies and adds them up has logits made of these functions. Here they make up ${share} of the logits' variance, for ${keyOnes(key)} ([](#logit-cosines)). That says what the logits are made of, not how the neurons compute it. The rule by which frequencies are key finds ${list(found.embedding)} in the embedding, ${list(found.unembedding)} in the unembedding, ${list(found.neurons)} in the neurons and ${list(found.logits)} in the logits.`,
  );
  yield bySpectrum(
    "logit-cosines",
    "Share of the logits' variance in cos w(a + b − c)",
    "One bar per frequency; the key frequencies are colored.",
    seen,
    { name: "share of variance", values: l.shares },
  );
  yield figure(
    "logit-offsets",
    "Logits by how far an answer is off",
    "Mean logit over all pairs for each a + b − c, and the part of it that the key frequencies make: interference with the weights that the network gives them.",
    lines({
      series: [
        { name: "mean logit", y: seen.byOffset },
        { name: "its key cosines", y: keyPart(seen), dash: "dash" },
      ],
      ...{ xLabel: "a + b − c", yLabel: "logit", xIsIndex: true },
    }),
  );
  yield* weightSpectra(seen);
}

/** What the cosines of the key frequencies add to the logit at each a + b - c. */
function keyPart({ logits: { coefficients }, keyFrequencies: key, p }: Circuit): number[] {
  const { data } = fourierBasis(p).matrix;
  // The function of all (a, b, c) with norm 1 is the row of the basis over p.
  return range(p).map((offset) =>
    key.reduce(
      (sum, k) =>
        sum + ((coefficients[k - 1] as number) * (data[(2 * k - 1) * p + offset] as number)) / p,
      0,
    ),
  );
}

function bySpectrum(
  id: string,
  title: string,
  see: string,
  { p, keyFrequencies: key }: Circuit,
  series: { readonly name: string; readonly values: readonly number[] },
  folded = false,
): Block {
  const drawn: PlotlyFigure = bars({
    ...{ categories: frequenciesOf(p), series: [series], highlight: [...key] },
    ...{ xLabel: "frequency", yLabel: series.name },
  });
  return figure(id, title, see, drawn, { folded });
}

function* weightSpectra(seen: Circuit): Generator<Block> {
  const { logitMap, neuronInput, summary: s, p } = seen;
  yield bySpectrum(
    "logit-map",
    "Frequencies of W_logit = W_out W_U",
    `What neurons can write to the logits; ${withChance(s.logitMap, s.uniform)} of its squared norm is in the key frequencies.`,
    seen,
    { name: "norm", values: logitMap.frequencyNorms },
    true,
  );
  if (neuronInput === null) return;
  const strongest = neuronInput.map(({ shares }) => topFrequencies(shares, 1)[0] ?? 0);
  yield figure(
    "neuron-input",
    "Frequencies of W_neur, head by head",
    `What each head can add to the neurons, W_E W_V W_O W_in. The strongest frequencies, head by head: ${list(strongest)}.`,
    lines({
      x: frequenciesOf(p),
      series: neuronInput.map((own, head) => ({ name: `head ${head}`, y: own.frequencyNorms })),
      ...{ xLabel: "frequency", yLabel: "norm", xIsIndex: true },
    }),
    { folded: true },
  );
}

/** What the network answers to a reader's own pair, and how. */
export async function* ownPair({ study, snapshot, seen, view }: Opened): AsyncGenerator<Block> {
  const { pair } = view;
  if (pair === undefined) return;
  const { p } = seen;
  if (!pair.every((one) => one < p)) {
    throw new InputError(`${study}: pair must be two numbers from 0 to ${p - 1}, got ${pair}`);
  }
  const [a, b] = pair as [number, number];
  const got = await snapshot.measure(answer, pair);
  const mean = got.logits.reduce((sum, one) => sum + one, 0) / p;
  const best = got.logits.indexOf(Math.max(...got.logits));
  const right = (a + b) % p;
  const places = [String(a), String(b), "="];
  const heads = got.attention.map(
    (row, head) =>
      `head ${head}: ${list(row.map((share, i) => `${percent(share)} to ${places[i]}`))}`,
  );
  yield section(`Your pair: ${a} + ${b}`);
  yield prose(
    behavior(
      "own-pair",
      best === right,
      `It answers ${best}, which is right. `,
      `It answers ${best}; right is ${right}. `,
    ),
    `The last token pays attention as follows: ${heads.join("; ")}.`,
  );
  const cosines = keyPart(seen);
  yield figure(
    "pair-logits",
    `Logits for ${a} + ${b}`,
    `Solid: the logits less their mean. Dashed: what the key frequencies make of the mean logits over all pairs, with its 0 at ${right}.`,
    lines({
      series: [
        { name: "logits", y: got.logits.map((one) => one - mean) },
        {
          name: "key cosines",
          y: range(p).map((c) => cosines[(right - c + p) % p] as number),
          dash: "dash",
        },
      ],
      ...{ xLabel: "answer c", yLabel: "logit", xIsIndex: true },
    }),
  );
}
