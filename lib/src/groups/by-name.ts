import { InputError } from "../core/errors.ts";
import type { FiniteGroup } from "./group.ts";
import {
  alternatingGroup,
  cyclicGroup,
  dihedralGroup,
  directProduct,
  symmetricGroup,
} from "./named.ts";

/** Largest order: all pairs of its elements are then half a million examples. */
export const LARGEST_ORDER = 720;

interface Entry {
  make(n: number): FiniteGroup;
  readonly smallest: number;
  readonly largest: number;
}

/** By the letter of the name, the range of its number. */
const families: Readonly<Record<string, Entry>> = {
  C: { make: cyclicGroup, smallest: 2, largest: LARGEST_ORDER },
  D: { make: dihedralGroup, smallest: 3, largest: LARGEST_ORDER / 2 },
  S: { make: symmetricGroup, smallest: 2, largest: 6 },
  A: { make: alternatingGroup, smallest: 3, largest: 6 },
};

const factor = /^([CDSA])([1-9]\d*)$/;

/**
 * A group by name: "C113" (order 113), "D59" (order 118), "S4", "A5", and direct products of such,
 * "C2xS3". The order is at most 720. Throws `InputError`.
 */
export function groupByName(name: string): FiniteGroup {
  return factorsOf(name)
    .map(({ make }) => make())
    .reduce(directProduct);
}

/** What is wrong with the name of a group; undefined when it is one. */
export function groupNameProblem(name: string): string | undefined {
  try {
    factorsOf(name);
    return undefined;
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
}

interface Factor {
  readonly order: number;
  make(): FiniteGroup;
}

function factorsOf(name: string): readonly Factor[] {
  const factors = name.split("x").map((part) => parseFactor(name, part));
  const order = factors.reduce((product, one) => product * one.order, 1);
  if (order > LARGEST_ORDER) {
    throw new InputError(`group: the order must be at most ${LARGEST_ORDER}, ${name} has ${order}`);
  }
  return factors;
}

function parseFactor(name: string, part: string): Factor {
  const [, letter = "", digits = ""] = factor.exec(part) ?? [];
  const entry = families[letter];
  if (entry === undefined) {
    throw new InputError(
      `group: must be C, D, S or A and a number, or several joined by x, like S4 or C2xS3, got "${name}"`,
    );
  }
  const n = Number(digits);
  if (n < entry.smallest || n > entry.largest) {
    throw new InputError(
      `group: the number after ${letter} must lie in ${entry.smallest} … ${entry.largest}, got ${name}`,
    );
  }
  return { order: orderOf(letter, n), make: () => entry.make(n) };
}

function orderOf(letter: string, n: number): number {
  const factorial = Array.from({ length: n }, (_, i) => i + 1).reduce((a, b) => a * b, 1);
  const orders: Readonly<Record<string, number>> = {
    C: n,
    D: 2 * n,
    S: factorial,
    A: factorial / 2,
  };
  return orders[letter] as number;
}
