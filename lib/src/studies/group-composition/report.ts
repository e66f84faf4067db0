import { trainingSection } from "../shared/report-training.ts";
import { list, number, percent } from "../shared/words.ts";
import type { ReportSection } from "../study.ts";
import { networkOf } from "./networks.ts";
import type { GroupCompositionParams } from "./params.ts";
import { groupSection } from "./report-group.ts";
import { logitSections, neuronSection } from "./report-maps.ts";
import { progressSection } from "./report-progress.ts";
import { groupModelSection, repeatedSection, seed003Sections } from "./report-published.ts";
import { embeddingSection, representationSection, type Shown } from "./report-representations.ts";
import type { GroupCompositionResults } from "./results.ts";

export function report(
  params: GroupCompositionParams,
  results: GroupCompositionResults,
): ReportSection[] {
  const { curves, group, opened, progress, seed003 } = results;
  const own: Shown = {
    opened,
    group,
    dataKnown: results.dataKnown,
    prefix: "",
    whose: "the network",
  };
  const drawn = seed003 === null || group.name !== "S4";
  return [
    summary(params, results),
    groupSection(group),
    ...(curves.step.length > 0 ? [trainingSection(curves, group.order)] : []),
    representationSection(own),
    embeddingSection(own),
    neuronSection(own),
    ...(drawn ? logitSections(own) : []),
    ...(progress === null ? [] : [progressSection(progress, opened.analysis)]),
    ...(seed003 === null ? [] : seed003Sections(seed003, group)),
    ...(results.groupModels.length === 0 ? [] : [groupModelSection(results.groupModels)]),
    ...(Object.keys(results.repeated).length === 0 ? [] : [repeatedSection(results.repeated)]),
  ];
}

function summary(
  { group: name, model }: GroupCompositionParams,
  { group, opened, dataKnown }: GroupCompositionResults,
): ReportSection {
  const { analysis } = opened;
  const { explained, keyRepresentations, performance } = analysis;
  const learned =
    keyRepresentations.length === 0
      ? "No representation of the group stands out in its logits: it has not learned the group."
      : `Of the group's representations it uses ${list(keyRepresentations)}: characters χ(abc⁻¹) make up ${percent(explained.logits)} of the squares of its logits, and functions of these representations ${percent(explained.embedA)} of its embedding of a.`;
  const { hiddenRestricted, hiddenExcluded } = analysis.losses;
  const [right, without] = dataKnown
    ? [
        `${percent(performance.accuracy.test)} of the pairs it was not trained on`,
        `; without them its loss on the pairs it was trained on is ${number(hiddenExcluded)}`,
      ]
    : [
        `${percent(performance.accuracy.all)} of all pairs (which ones it was trained on is not known)`,
        "",
      ];
  return {
    title: "In short",
    prose: [
      `A ${networkOf(model).what} sees two elements a and b of ${name}, a group of ${group.order} elements, and answers their product ab. It answers ${right}. ${learned}`,
      `If it keeps only those representations in its hidden layer, its loss on all pairs is ${number(hiddenRestricted)} nats${without} (guessing: ${number(Math.log(group.order))}).`,
    ],
    figures: [],
  };
}
