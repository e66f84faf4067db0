import type { Tensor } from "../../arrays/index.ts";
import { InputError } from "../../core/errors.ts";
import { applySlice } from "../slice.ts";
import type { ActivationCache } from "./activation-cache.ts";
import { joinStacks, type LabeledStack } from "./labeled-stack.ts";
import { inputOf, type Reader } from "./layers.ts";
import { type Readout, type ReadoutOptions, readoutOf } from "./readout.ts";

/** How what heads write is read. */
export interface StackResultsOptions extends ReadoutOptions {
  /** Also what the components leave of the stream, labeled `remainder`. Default false. */
  readonly inclRemainder?: boolean;
}

/** Stacks of parts of what blocks write, joined, with the remainder if wanted, and read out. */
export function stackResults(
  cache: ActivationCache,
  method: string,
  reader: Reader,
  options: StackResultsOptions,
  parts: (readout: Readout) => readonly LabeledStack[],
): LabeledStack {
  const readout = readoutOf(cache, method, reader, options);
  const stacks = parts(readout);
  if (!options.inclRemainder) return readout.finish(joinStacks(some(method, stacks)));
  const stream = readout.read(applySlice(inputOf(cache, method, reader), -2, options.posSlice));
  const rest = stacks.reduce((left, { stack }) => left.sub(stack.sum(0)), stream);
  const remainder = { stack: rest.at(null), labels: ["remainder"] };
  return readout.finish(joinStacks([...stacks, remainder]));
}

function some(method: string, stacks: readonly LabeledStack[]): readonly LabeledStack[] {
  if (stacks.length > 0) return stacks;
  throw new InputError(
    `ActivationCache.${method}: nothing of this kind is before that layer; take a later one, or inclRemainder`,
  );
}

/** "… component d_model" as "component … d_model". */
export function componentsFirst(x: Tensor): Tensor {
  const last = x.ndim - 1;
  const between = Array.from({ length: last - 1 }, (_, i) => i);
  return x.transpose([last - 1, ...between, last]);
}
