/** Cosets on which neurons fire. After Stander et al. 2024, Grokking group multiplication with cosets. */

import type { NdArray } from "../../../core/nd.ts";
import { type FiniteGroup, multiply } from "../../../groups/index.ts";

/** The subgroups of the powers of one element, each once, larger ones first; the trivial one is left out. */
function cyclicSubgroups(group: FiniteGroup): readonly (readonly number[])[] {
  const found = new Map<string, readonly number[]>();
  for (let a = 0; a < group.order; a++) {
    const powers = [group.identity];
    for (let power = a; power !== group.identity; power = multiply(group, power, a)) {
      powers.push(power);
    }
    const elements = powers.sort((x, y) => x - y);
    if (elements.length > 1) found.set(elements.join(), elements);
  }
  return [...found.values()].sort((x, y) => y.length - x.length);
}

/** The elements whose mean activation is above half of the largest. */
function firing(means: readonly number[]): ReadonlySet<number> {
  const half = Math.max(...means) / 2;
  return new Set(means.flatMap((mean, g) => (mean > half ? [g] : [])));
}

/**
 * For each neuron, from activations "pair neuron", the largest cyclic subgroup H such that the a for
 * which it fires are a union of cosets aH and the b a union of cosets Hb, some but not all of each; null
 * where there is none. It fires for an element when its mean over the other one is above half of the
 * largest such mean.
 */
export function cosetSubgroups(
  group: FiniteGroup,
  { shape, data }: NdArray,
): (readonly number[] | null)[] {
  const { order } = group;
  const [pairs, width] = shape as [number, number];
  const subgroups = cyclicSubgroups(group);
  return Array.from({ length: width }, (_, neuron) => {
    const [a, b] = [0, 1].map(() => new Array<number>(order).fill(0)) as [number[], number[]];
    for (let pair = 0; pair < pairs; pair++) {
      const x = data[pair * width + neuron] as number;
      const first = Math.floor(pair / order);
      a[first] = (a[first] as number) + x;
      b[pair % order] = (b[pair % order] as number) + x;
    }
    const [left, right] = [firing(a), firing(b)];
    if ([left, right].some(({ size }) => size === 0 || size === order)) return null;
    const fits = (subgroup: readonly number[]): boolean =>
      [...left].every((g) => subgroup.every((h) => left.has(multiply(group, g, h)))) &&
      [...right].every((g) => subgroup.every((h) => right.has(multiply(group, h, g))));
    return subgroups.find(fits) ?? null;
  });
}

/** The elements in order of their cosets gH, and of their cosets Hg. */
export function byCoset(group: FiniteGroup, subgroup: readonly number[]) {
  const sorted = (coset: (g: number) => readonly number[]): number[] => {
    const key = (g: number): number => Math.min(...coset(g));
    const all = Array.from({ length: group.order }, (_, g) => g);
    return all.sort((x, y) => key(x) - key(y) || x - y);
  };
  return {
    left: sorted((g) => subgroup.map((h) => multiply(group, g, h))),
    right: sorted((g) => subgroup.map((h) => multiply(group, h, g))),
  };
}
