/** Examples are checked here, before anything is compiled or uploaded. */

import { Tensor } from "../arrays/index.ts";
import { InputError, ShapeError } from "../core/errors.ts";
import { checkIndices } from "../core/indices.ts";
import type { NdArray } from "../core/nd.ts";
import { checkOptions, type OptionNames } from "../core/options.ts";
import type { Model, Tokens } from "../models/index.ts";
import { axisSize, indexArray } from "../models/tokens.ts";
import type { Examples } from "../tasks/task.ts";

/** Examples in any form: lists, typed arrays, plain arrays or tensors. */
export interface ExamplesInput {
  /** "n pos" */
  readonly tokens: Tokens;
  /** "n" when only the last position is asked, else "n pos". */
  readonly labels: Tokens;
  /** See `Examples`. */
  readonly positions?: readonly number[];
  /** See `Examples`. */
  readonly places?: Tokens;
}

const exampleNames: OptionNames<ExamplesInput> = {
  tokens: true,
  labels: true,
  positions: true,
  places: true,
};

/** What tokens and labels must fit into. */
export interface ExampleSizes {
  readonly tokens: number;
  readonly labels: number;
  /** The longest sequence. */
  readonly positions: number;
  /** How many first tokens of a sequence the model reads; others may be anything. */
  readonly reads: number;
}

/** The sizes that a model has room for. */
export function exampleSizes<C>(model: Model<C>, config: C): ExampleSizes {
  const parameters = model.parameters(config);
  const tokens = axisSize(parameters, "d_vocab") ?? Number.POSITIVE_INFINITY;
  return {
    tokens,
    labels: axisSize(parameters, "d_vocab_out") ?? tokens,
    positions: model.context?.(config).length ?? Number.POSITIVE_INFINITY,
    reads: model.reads ?? Number.POSITIVE_INFINITY,
  };
}

/** The fields that training reads: a task may add arrays of its own, which only its users read. */
function withoutNotes(given: ExamplesInput): ExamplesInput {
  const isNote = (name: string, value: unknown): boolean =>
    !Object.hasOwn(exampleNames, name) && isNdArray(value);
  const read = Object.entries(given).filter(([name, value]) => !isNote(name, value));
  return Object.fromEntries(read) as unknown as ExamplesInput;
}

function isNdArray(value: unknown): boolean {
  return typeof value === "object" && value !== null && "dtype" in value && "shape" in value;
}

/**
 * The examples as int32 arrays; `where` opens the messages.
 * @throws InputError or ShapeError for tokens, labels, positions or places that do not fit the model
 * or each other.
 */
export function checkExamples(
  where: string,
  given: ExamplesInput | undefined,
  sizes: ExampleSizes,
): Examples {
  if (given === undefined || given === null || typeof given !== "object") {
    throw new InputError(`${where}: must be { tokens, labels }, got ${given}`);
  }
  checkOptions<ExamplesInput>(where, withoutNotes(given), exampleNames);
  const array = (what: "tokens" | "labels" | "places", size: number, read?: number): NdArray => {
    const value = given[what];
    if (value === undefined) throw new InputError(`${where}: ${what} are missing`);
    return indexArray(where, what, value instanceof Tensor ? value.readSync() : value, size, read);
  };
  const tokens = array("tokens", sizes.tokens, sizes.reads);
  const [count = 0, length = 0] = tokens.shape;
  const fits = tokens.shape.length === 2 && count > 0 && length > 0 && length <= sizes.positions;
  if (!fits) {
    const most = Number.isFinite(sizes.positions) ? ` of at most ${sizes.positions} positions` : "";
    throw new ShapeError(`${where}: tokens "n pos"${most}`, [-1, -1], tokens.shape);
  }
  const labels = array("labels", sizes.labels);
  const { positions } = given;
  if (positions !== undefined) checkPositions(where, positions, length);
  const places = given.places === undefined ? undefined : array("places", length);
  const width = places?.shape[1] ?? positions?.length ?? length;
  const asked = labels.shape.length === 1 ? [count] : [count, width];
  if (labels.shape.join() !== asked.join()) {
    throw new ShapeError(`${where}: labels of these tokens`, asked, labels.shape);
  }
  if (places !== undefined && places.shape.join() !== labels.shape.join()) {
    throw new ShapeError(`${where}: places of these labels`, labels.shape, places.shape);
  }
  return { ...given, tokens, labels, ...(places === undefined ? {} : { places }) } as Examples;
}

function checkPositions(where: string, positions: readonly number[], length: number): void {
  checkIndices(where, "positions", { shape: [positions.length], data: positions }, length);
  const ascending = positions.every((x, i) => i === 0 || x > (positions[i - 1] as number));
  if (ascending && positions.length > 0) return;
  throw new InputError(`${where}: positions must ascend, got [${positions}]`);
}

/**
 * A draw of `count` examples of a stream, checked, with the shapes of the examples it stands for.
 */
export function checkDraw(
  where: string,
  drawn: Examples,
  count: number,
  like: Examples,
  sizes: ExampleSizes,
): Examples {
  const checked = checkExamples(where, drawn, sizes);
  for (const name of ["tokens", "labels", "places"] as const) {
    const wanted = like[name] && [count, ...like[name].shape.slice(1)];
    const got = checked[name]?.shape;
    if (wanted?.join() === got?.join()) continue;
    throw new ShapeError(`${where}: ${name} of a draw of ${count}`, wanted ?? [], got ?? []);
  }
  return checked;
}
