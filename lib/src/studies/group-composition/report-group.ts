/** The part of the article about the group itself. */

import { heatmap } from "../../figures/index.ts";
import { count, list } from "../shared/words.ts";
import type { ReportSection } from "../study.ts";
import type { GroupSummary } from "./results.ts";

/** Tables of up to this many classes have their numbers written in. */
const WRITTEN_CLASSES = 12;

export function groupSection(group: GroupSummary): ReportSection {
  const { name, order, classes, irreps, characterTable, labels } = group;
  const written = classes.length <= WRITTEN_CLASSES && irreps.length <= WRITTEN_CLASSES;
  const names = irreps.map((irrep) => `${irrep.name} (${irrep.dimension})`);
  const shown = labels.slice(0, 8).map((label, a) => `${a} = ${label}`);
  return {
    title: `The group ${name}`,
    prose: [
      `${name} has ${count(order)} elements in ${count(classes.length)} conjugacy classes. Element numbers are tokens, in the order in which SymPy lists a permutation group: ${list(shown)}${labels.length > shown.length ? " and so on" : ""}. The product ab means first a, then b.`,
      irreps.length <= 20
        ? `Its irreducible representations over the real numbers that are counted here, with their dimensions: ${list(names)}.`
        : `${count(irreps.length)} irreducible representations over the real numbers are counted here.`,
    ],
    figures: [
      {
        id: "characters",
        title: "Characters",
        see: "The trace of each representation on each conjugacy class. Rows are orthogonal when every class counts as often as it has elements: that is what lets the analysis split any function on the group into parts, one for each representation.",
        figure: heatmap({
          z: characterTable,
          x: classes.map(({ label, size }) => `${label} ×${size}`),
          y: irreps.map((irrep) => irrep.name),
          xLabel: "class of, × its size",
          valueLabel: "character",
          aspect: "auto",
          annotate: written,
          valueFormat: ".3~g",
          height: Math.min(700, 160 + 32 * irreps.length),
        }),
      },
    ],
  };
}
