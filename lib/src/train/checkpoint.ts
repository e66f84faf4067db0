/** A moment of training from which it can go on, and its form in a file of named arrays. */

import { arraysChecksum, checksumMatches } from "../core/crc32.ts";
import { InputError, ShapeError } from "../core/errors.ts";
import { type NdArray, nd } from "../core/nd.ts";
import type { WeightArrays } from "../models/index.ts";
import type { BatchState } from "./batches.ts";
import type { TrainingPlan } from "./plan.ts";
import type { StateArrays } from "./state.ts";
import { initialState } from "./step.ts";

/** All that training needs to go on as if it had not stopped. */
export interface Checkpoint {
  /** Updates done. */
  readonly step: number;
  /** Every weight of the model, frozen ones included. */
  readonly weights: WeightArrays;
  /** Moments of the optimizer, of the trained weights. */
  readonly moments: StateArrays["moments"];
  /** Where the mini-batches stand; undefined for full batches. */
  readonly batches: BatchState | undefined;
}

/** What a safetensors file holds: named arrays and a record of strings. */
export interface NamedArrays {
  readonly arrays: WeightArrays;
  readonly metadata: Readonly<Record<string, string>>;
}

const momentPrefix = "optimizer/";
const generatorName = "batches/generator";

/** Value of `format` in the metadata. */
export const checkpointFormat = "tinylens-checkpoint-2";

/**
 * Weights under their own names, moments as `optimizer/<moment>/<weight>`, the generator of the
 * batches as 1264 words `batches/generator`; the step, the place in the pass, `more` and a checksum of
 * everything as metadata.
 */
export function checkpointToArrays(
  { step, weights, moments, batches }: Checkpoint,
  more: Readonly<Record<string, string>> = {},
): NamedArrays {
  const arrays: Record<string, NdArray> = { ...weights };
  for (const [moment, held] of Object.entries(moments)) {
    for (const [name, array] of Object.entries(held)) {
      arrays[`${momentPrefix}${moment}/${name}`] = array;
    }
  }
  const metadata: Record<string, string> = {
    ...more,
    format: checkpointFormat,
    step: String(step),
  };
  if (batches !== undefined) {
    arrays[generatorName] = wordsOf(batches.generator);
    metadata.batchesTaken = String(batches.taken);
  }
  return { arrays, metadata: { ...metadata, checksum: arraysChecksum(arrays, metadata) } };
}

/**
 * Inverse of `checkpointToArrays`. Throws `InputError` when the format is another one or when
 * anything differs from what was written.
 */
export function checkpointFromArrays({ arrays, metadata }: NamedArrays): Checkpoint {
  if (metadata.format !== checkpointFormat) {
    throw new InputError(
      `checkpoint: the format must be ${checkpointFormat}, got ${metadata.format ?? "none"}`,
    );
  }
  if (!checksumMatches(arrays, metadata)) {
    throw new InputError("checkpoint: damaged, its checksum does not match its content");
  }
  const step = wholeNumber("step", metadata.step);
  const words = arrays[generatorName];
  const batches = words && {
    generator: bytesOf(words),
    taken: wholeNumber("batchesTaken", metadata.batchesTaken),
  };
  return { step, ...splitArrays(arrays), batches };
}

/** A count in the metadata. */
function wholeNumber(name: string, text: string | undefined): number {
  const number = Number(text);
  if (text !== undefined && /^\d+$/.test(text) && Number.isSafeInteger(number)) return number;
  throw new InputError(`checkpoint: ${name} must be a whole number, got ${text ?? "none"}`);
}

/** The weights, and the moments by moment and weight. */
function splitArrays(arrays: WeightArrays): Pick<Checkpoint, "weights" | "moments"> {
  const weights: Record<string, NdArray> = {};
  const moments: Record<string, Record<string, NdArray>> = {};
  for (const [name, array] of Object.entries(arrays)) {
    if (name === generatorName) continue;
    if (!name.startsWith(momentPrefix)) {
      weights[name] = array;
      continue;
    }
    const [moment = "", ...rest] = name.slice(momentPrefix.length).split("/");
    moments[moment] = { ...moments[moment], [rest.join("/")]: array };
  }
  return { weights, moments };
}

/** The state of the training step, checked against what the plan trains. */
export function stateOf(plan: TrainingPlan, checkpoint: Checkpoint): StateArrays {
  const expected = initialState(plan);
  const pick = (what: string, from: WeightArrays | undefined, like: WeightArrays): WeightArrays =>
    Object.fromEntries(
      Object.entries(like).map(([name, { shape }]) => {
        const array = from?.[name];
        if (array === undefined) throw new InputError(`checkpoint: ${what}${name} is missing`);
        if (array.shape.join() !== shape.join()) {
          throw new ShapeError(`checkpoint: ${what}${name}`, shape, array.shape);
        }
        return [name, array];
      }),
    );
  return {
    weights: pick("", checkpoint.weights, expected.weights),
    moments: Object.fromEntries(
      Object.entries(expected.moments).map(([moment, like]) => [
        moment,
        pick(`${moment} of `, checkpoint.moments[moment], like),
      ]),
    ),
  };
}

function wordsOf(bytes: Uint8Array): NdArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const words = Uint32Array.from({ length: bytes.length / 4 }, (_, i) =>
    view.getUint32(4 * i, true),
  );
  return nd("uint32", [words.length], words);
}

function bytesOf({ data }: NdArray): Uint8Array {
  const bytes = new Uint8Array(4 * data.length);
  const view = new DataView(bytes.buffer);
  for (const [i, word] of data.entries()) view.setUint32(4 * i, word, true);
  return bytes;
}
