import { describe, expect, it } from "vitest";
import { nd } from "../../../core/nd.ts";
import { groupByName, multiply } from "../../../groups/index.ts";
import { byCoset, cosetSubgroups } from "./cosets.ts";

const group = groupByName("S4");
const n = group.order;
const powers = [0, 5, 18, 19];

/** One neuron with activation f(a, b). */
const neuron = (f: (a: number, b: number) => number) =>
  nd(
    "float64",
    [n * n, 1],
    Array.from({ length: n * n }, (_, pair) => f(Math.floor(pair / n), pair % n)),
  );

const inSubgroup = (a: number): number => (powers.includes(a) ? 1 : 0);

describe("cosets on which a neuron fires", () => {
  it("are aH for the first element and Hb for the second", () => {
    const [left, right] = [7, 10];
    const shifted = (a: number, b: number): number =>
      inSubgroup(multiply(group, group.inverses[left] as number, a)) *
      inSubgroup(multiply(group, b, group.inverses[right] as number));
    expect(cosetSubgroups(group, neuron(shifted))).toEqual([powers]);
  });

  it("are not found where a neuron fires on something else, on all or on nothing", () => {
    expect(
      cosetSubgroups(
        group,
        neuron((a, b) => (a === 3 && b === 4 ? 1 : 0)),
      ),
    ).toEqual([null]);
    expect(
      cosetSubgroups(
        group,
        neuron(() => 2),
      ),
    ).toEqual([null]);
    expect(
      cosetSubgroups(
        group,
        neuron(() => 0),
      ),
    ).toEqual([null]);
  });

  it("stand together when elements are ordered by them", () => {
    const { left, right } = byCoset(group, powers);
    for (const start of [0, 4, 8, 12, 16, 20]) {
      const [first, ...others] = left.slice(start, start + 4) as [number, ...number[]];
      const inverse = group.inverses[first] as number;
      for (const g of others) expect(powers).toContain(multiply(group, inverse, g));
      const [head, ...tail] = right.slice(start, start + 4) as [number, ...number[]];
      for (const g of tail) {
        expect(powers).toContain(multiply(group, g, group.inverses[head] as number));
      }
    }
  });
});
