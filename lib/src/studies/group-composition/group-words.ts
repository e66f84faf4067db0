/** The group itself: its elements, classes, representations, and what they are called in words. */

import { type Block, count, figure, list, prose, section, table } from "../../article/index.ts";
import { nd } from "../../core/nd.ts";
import { heatmap } from "../../figures/index.ts";
import {
  conjugacyClasses,
  elementOrder,
  type FiniteGroup,
  groupByName,
} from "../../groups/index.ts";
import { irrepsOf, type Question } from "./measure.ts";
import { character, type Representation } from "./representations/index.ts";

/** "standard_sign" as "standard × sign", "s5_6d" as "6-dimensional", "freq_3" as "frequency 3". */
export function inWords(irrep: string): string {
  if (irrep.includes("_x_")) return irrep.split("_x_").map(inWords).join(" ⊗ ");
  const frequency = /^freq_(\d+)(_[ab])?$/.exec(irrep);
  if (frequency !== null)
    return `frequency ${frequency[1]}${frequency[2]?.replace("_", " ") ?? ""}`;
  const dimension = /^[as]\d_(\d+)d(_[ab])?$/.exec(irrep);
  if (dimension !== null) {
    return `${dimension[1]}-dimensional${dimension[2]?.replace("_", " ") ?? ""}`;
  }
  const specht = /^specht_(.+)$/.exec(irrep);
  if (specht !== null) return `Specht (${specht[1]?.replaceAll("_", ", ")})`;
  return irrep.replace("standard_sign", "standard × sign").replaceAll("_", " ");
}

/** Several representations for a sentence; many frequencies only by their number. */
export function named(irreps: readonly string[]): string {
  if (irreps.length > 8) return `${count(irreps.length)} representations`;
  return list(irreps.map(inWords));
}

/** Dimension of the space of functions that a representation's entries span: d², or half where it splits. */
export function functionsOf({ dimension, complexStructure }: Representation): number {
  return dimension ** 2 / (complexStructure === undefined ? 1 : 2);
}

/** The share of squares that a random embedding has in the functions of some representations. */
export function chanceOf(question: Question, irreps: readonly string[]): number {
  const { order } = groupByName(question.group);
  const functions = irrepsOf(question)
    .filter(({ name }) => irreps.includes(name))
    .map(functionsOf);
  return functions.reduce((sum, one) => sum + one, 0) / order;
}

/** The lines of the notebook's list of elements: "4: (1 2 3), signature: 1, order: 3". */
export function elementLines(group: FiniteGroup): string[] {
  return Array.from({ length: group.order }, (_, a) => {
    return `${a}: ${group.label(a)}, signature: ${group.signature(a)}, order: ${elementOrder(group, a)}`;
  });
}

/** Elements of a class that are listed at most. */
const mostMembers = 12;

function classRow(group: FiniteGroup, members: readonly number[]) {
  const [first] = members as readonly [number];
  const shown = members.slice(0, mostMembers).map((a) => `${a} = ${group.label(a)}`);
  const rest = members.length - shown.length;
  return {
    signature: String(group.signature(first)),
    order: String(elementOrder(group, first)),
    elements: `${shown.join(", ")}${rest > 0 ? ` and ${count(rest)} more` : ""}`,
  };
}

/** Tables of up to this many classes have their numbers written in. */
const writtenClasses = 12;

export function* groupSection(question: Question): Generator<Block> {
  const group = groupByName(question.group);
  const irreps = irrepsOf(question);
  const classes = conjugacyClasses(group);
  const rows = irreps.flatMap((irrep) => {
    const chi = character(irrep);
    return classes.map(([first]) => Math.round(1e12 * (chi[first as number] as number)) / 1e12 + 0);
  });
  yield section(`The group ${group.name}`);
  yield prose(
    `${group.name} has ${count(group.order)} elements in ${count(classes.length)} conjugacy classes. Elements are tokens, numbered in the order in which SymPy lists a permutation group. The product ab means first a, then b.`,
  );
  if (classes.length <= writtenClasses)
    yield table(
      "elements",
      "Elements by class",
      classes.map((members) => classRow(group, members)),
    );
  yield prose(
    irreps.length <= 20
      ? `Its irreducible representations over the real numbers that are counted here, with their dimensions: ${list(irreps.map(({ name, dimension }) => `${inWords(name)} (${dimension})`))}.`
      : `${count(irreps.length)} irreducible representations over the real numbers are counted here.`,
  );
  yield figure(
    "characters",
    "Characters",
    "The trace of each representation on each conjugacy class. Rows are orthogonal when every class counts as often as it has elements: any function on the group splits into parts, one for each representation.",
    heatmap({
      z: nd("float64", [irreps.length, classes.length], rows),
      x: classes.map((members) => `${group.label(members[0] as number)} ×${members.length}`),
      y: irreps.map(({ name }) => inWords(name)),
      xLabel: "class of, × its size",
      valueLabel: "character",
      aspect: "auto",
      annotate: classes.length <= writtenClasses && irreps.length <= writtenClasses,
      valueFormat: ".3~g",
      height: Math.min(700, 160 + 32 * irreps.length),
    }),
    { folded: true },
  );
}
