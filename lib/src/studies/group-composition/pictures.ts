/** The matrices that are drawn: weights, neurons and logits over all pairs. */

import {
  character,
  type NeuronRepresentations,
  naturalRepresentation,
  traceTable,
} from "../../analysis/index.ts";
import { type NdArray, nd } from "../../core/nd.ts";
import type { FiniteGroup } from "../../groups/index.ts";
import type { WeightArrays } from "../../models/index.ts";
import type { PairActivations } from "./forward.ts";
import { pick } from "./networks.ts";
import type { Subject } from "./open.ts";

export interface Pictures {
  readonly weights: readonly {
    readonly name: string;
    readonly what: string;
    readonly array: NdArray;
  }[];
  readonly neurons: readonly NeuronPicture[];
  /** Centred logits of the first answers c over (a, b), and with a fixed over (b, c). */
  readonly byAnswer: readonly LogitPicture[];
  readonly byFirst: readonly LogitPicture[];
}

export interface NeuronPicture {
  readonly neuron: number;
  readonly irrep: string;
  readonly share: number;
  /** "a b" */
  readonly map: NdArray;
}

export interface LogitPicture {
  /** The answer, or the first element. */
  readonly element: number;
  /** Logits as they are, and centred over the answers: "a b" or "b c". */
  readonly raw: NdArray;
  readonly real: NdArray;
  /** Centred trace of the permutation matrices, scaled to fit the centred logits best. */
  readonly hypothesis: NdArray;
}

/** How many answers and first elements are drawn, as in seed 003. */
const drawnLogits = 10;

/** The neurons that seed 003 draws. */
const notebookNeurons = [3, 7, 8, 13, 15, 16, 19, 24, 33, 34, 36, 39];

export function picturesOf(
  { group, network }: Pick<Subject, "group" | "network">,
  weights: WeightArrays,
  { logits, hidden }: PairActivations,
  neurons: NeuronRepresentations,
): Pictures {
  const drawn = Math.min(drawnLogits, group.order);
  const cubes = logitCubes(group, logits);
  return {
    weights: network.drawn.map(([name, what]) => ({ name, what, array: pick(weights, name) })),
    neurons: notebookNeurons
      .filter((neuron) => neuron < (hidden.shape[1] as number))
      .map((neuron) => ({
        neuron,
        irrep: neurons.belongsTo[neuron] ?? "",
        share: neurons.best[neuron] ?? 0,
        map: columnMap(group, hidden, neuron),
      })),
    byAnswer: Array.from({ length: drawn }, (_, c) => ({
      element: c,
      raw: columnMap(group, logits, c),
      real: columnMap(group, cubes.real, c),
      hypothesis: columnMap(group, cubes.hypothesis, c),
    })),
    byFirst: Array.from({ length: drawn }, (_, a) => ({
      element: a,
      raw: slabOf(group, logits, a),
      real: slabOf(group, cubes.real, a),
      hypothesis: slabOf(group, cubes.hypothesis, a),
    })),
  };
}

/** Centred logits, and the centred trace scaled to them by least squares, "pair c". */
function logitCubes(
  group: FiniteGroup,
  logits: NdArray,
): { readonly real: NdArray; readonly hypothesis: NdArray } {
  const { order, table } = group;
  const trace = traceTable(group, character(naturalRepresentation(group)));
  const real = new Float32Array(order ** 3);
  const hypothesis = new Float32Array(order ** 3);
  let [inner, squares] = [0, 0];
  for (const [pair, product] of table.entries()) {
    const x = centred(logits.data.subarray(pair * order, (pair + 1) * order));
    const t = centred(trace.data.subarray(product * order, (product + 1) * order));
    real.set(x, pair * order);
    hypothesis.set(t, pair * order);
    for (const [c, value] of t.entries()) {
      inner += value * (x[c] as number);
      squares += value * value;
    }
  }
  const scaled = hypothesis.map((x) => (inner / squares) * x);
  const shape = [order * order, order];
  return { real: nd("float32", shape, real), hypothesis: nd("float32", shape, scaled) };
}

function centred(row: ArrayLike<number>): Float64Array {
  const values = Float64Array.from(row);
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  return values.map((x) => x - mean);
}

/** Column of "pair column" as a map "a b". */
function columnMap({ order }: FiniteGroup, x: NdArray, column: number): NdArray {
  const width = x.shape[1] as number;
  const map = Float32Array.from(
    { length: order * order },
    (_, pair) => x.data[pair * width + column] as number,
  );
  return nd("float32", [order, order], map);
}

/** The rows of one first element: "b c". */
function slabOf({ order }: FiniteGroup, x: NdArray, a: number): NdArray {
  const size = order * order;
  return nd(
    "float32",
    [order, order],
    Float32Array.from(x.data.subarray(a * size, (a + 1) * size)),
  );
}
