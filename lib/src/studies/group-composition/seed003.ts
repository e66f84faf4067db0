/** The checkpoint that seed 003 analyses, and the numbers it prints. */

import { type LogitComparison, naturalRepresentation, svd } from "../../analysis/index.ts";
import { elementOrder } from "../../groups/index.ts";
import { readPt, weightsOf } from "../../io/index.ts";
import type { StudyContext } from "../study.ts";
import { comparedAsPrinted } from "./measure.ts";
import { type OpenedModel, openModel, subjectOf } from "./open.ts";
import { groupCompositionParams } from "./params.ts";

export interface Seed003 {
  readonly opened: OpenedModel;
  /** The 24 lines "0: (3), signature: 1, order: 1". */
  readonly elements: readonly string[];
  /** The comparison with the natural trace, centred as the notebook does it. */
  readonly asPrinted: LogitComparison;
  /** Singular values of the 24 × 16 matrix of the permutation matrices' entries. */
  readonly naturalSingularValues: readonly number[];
  /** Mean activation by parity of (a, b): even-even, even-odd, odd-even, odd-odd. */
  readonly parityNeurons: readonly ParityNeuron[];
}

export interface ParityNeuron {
  readonly neuron: number;
  readonly means: readonly number[];
}

const file = "s4-seed003/model.pt";

/** The checkpoint's own settings: split seed 1, half of the pairs. */
const settings = groupCompositionParams.parse({ group: "S4", trainFraction: 0.5, seed: 1 });

/** Neurons whose behaviour the notebook describes in words. */
const describedNeurons = [8, 24];

/** Repeat the notebook on its checkpoint; null where that is not at hand. */
export async function openSeed003(context: StudyContext): Promise<Seed003 | null> {
  const bytes = await context.published(file);
  if (bytes === undefined) return null;
  context.progress("opening the checkpoint of seed 003");
  const weights = weightsOf(readPt(bytes));
  const subject = await subjectOf(context.backend, settings, weights);
  try {
    const { group, runner } = subject;
    const opened = await openModel(subject, weights);
    const { logits, hidden } = await runner.run(weights);
    const natural = naturalRepresentation(group);
    const flat = { ...natural.matrices, shape: [group.order, natural.dimension ** 2] };
    return {
      opened,
      elements: Array.from(
        { length: group.order },
        (_, a) =>
          `${a}: ${group.label(a)}, signature: ${group.signature(a)}, order: ${elementOrder(group, a)}`,
      ),
      asPrinted: comparedAsPrinted(group, logits),
      naturalSingularValues: svd(flat).S,
      parityNeurons: describedNeurons.map((neuron) => ({
        neuron,
        means: parityMeans(
          group.order,
          (a) => group.signature(a) === 1,
          (pair) => hidden.data[pair * (hidden.shape[1] as number) + neuron] as number,
        ),
      })),
    };
  } finally {
    await subject.runner.release();
  }
}

function parityMeans(
  order: number,
  even: (a: number) => boolean,
  activation: (pair: number) => number,
): number[] {
  const sums = [0, 0, 0, 0];
  for (let pair = 0; pair < order * order; pair++) {
    const kind = (even(Math.floor(pair / order)) ? 0 : 2) + (even(pair % order) ? 0 : 1);
    sums[kind] = (sums[kind] as number) + activation(pair);
  }
  return sums.map((sum) => sum / ((order * order) / 4));
}
