import { concatenate, stack, type Tensor } from "../../arrays/index.ts";
import { InputError } from "../../core/errors.ts";

/** Vectors of one kind, and what each is: row i of `stack` is `labels[i]`. */
export interface LabeledStack {
  /** "component batch pos d_model", without the axes that were sliced or removed. */
  readonly stack: Tensor;
  readonly labels: readonly string[];
}

/** One component before stacking. */
export type Labeled = readonly [label: string, value: Tensor];

/** Stack components that have one shape. @throws InputError when there are none. */
export function stackLabeled(method: string, parts: readonly Labeled[]): LabeledStack {
  if (parts.length === 0) {
    throw new InputError(
      `ActivationCache.${method}: there is no such component before layer 0; use a later layer`,
    );
  }
  const [labels, values] = [parts.map(([label]) => label), parts.map(([, value]) => value)];
  return { stack: stack(values, 0), labels };
}

/** Stacks one after the other. */
export function joinStacks(stacks: readonly LabeledStack[]): LabeledStack {
  const [first, ...rest] = stacks;
  if (first !== undefined && rest.length === 0) return first;
  return {
    stack: concatenate(
      stacks.map((one) => one.stack),
      0,
    ),
    labels: stacks.flatMap(({ labels }) => labels),
  };
}

/** Apply a function to the numbers of a stack; a tensor stays one, labels are kept. */
export function mapStack<S extends Tensor | LabeledStack>(s: S, f: (x: Tensor) => Tensor): S {
  if ("labels" in s) return { stack: f(s.stack), labels: s.labels } as S;
  return f(s) as S;
}

/** The numbers of a stack. */
export function numbersOf(s: Tensor | LabeledStack): Tensor {
  return "labels" in s ? s.stack : s;
}
