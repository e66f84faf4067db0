/** The parts of the article about published models and runs. */

import { scatter } from "../../figures/index.ts";
import type { Curves } from "../shared/curves.ts";
import { count, list, number, percent } from "../shared/words.ts";
import type { ReportSection } from "../study.ts";
import { agrees, type Compared, type GroupModel } from "./group-models.ts";
import { logitSections, neuronSection } from "./report-maps.ts";
import { embeddingSection, representationSection, type Shown } from "./report-representations.ts";
import type { GroupSummary } from "./results.ts";
import type { Seed003 } from "./seed003.ts";

/** The notebook's checkpoint, with every figure of the notebook. `group` is S4 unless the study is of another. */
export function seed003Sections(seed: Seed003, group: GroupSummary): ReportSection[] {
  const { opened, asPrinted } = seed;
  const { natural } = opened;
  const summary = group.name === "S4" ? group : { ...group, ...s4Summary(seed) };
  const shown: Shown = {
    opened,
    group: summary,
    prefix: "seed003-",
    dataKnown: true,
    whose: "the checkpoint of seed 003",
  };
  const [evenOdd, oddOdd] = [seed.parityNeurons[0]?.means[1], seed.parityNeurons[1]?.means[3]];
  return [
    {
      title: "The checkpoint of seed 003",
      prose: [
        `The notebook opens a network trained for 200,000 epochs on S4. It prints a cosine between logits and trace of ${asPrinted.cosine.toFixed(7)}, ${asPrinted.softmaxCosine.toFixed(7)} after softmax, and ${asPrinted.fraction.toFixed(7)} of the logits' variance explained. These are found again when the mean is taken as the notebook takes it, without \`keepdim\`, so that each logit loses the mean of another pair. Centred as meant, they are ${natural.cosine.toFixed(5)}, ${natural.softmaxCosine.toFixed(5)} and ${natural.fraction.toFixed(5)}.`,
        `Neuron 8 fires for a even and b odd (mean ${number(evenOdd ?? 0)}), neuron 24 for both odd (mean ${number(oddOdd ?? 0)}), as the notebook notes: they compute with the sign.`,
      ],
      figures: [],
    },
    representationSection(shown),
    embeddingSection(shown),
    neuronSection(shown),
    ...logitSections(shown),
  ];
}

function s4Summary({ opened, elements }: Seed003): Pick<GroupSummary, "labels" | "irreps"> {
  return {
    labels: elements.map((line) => line.replace(/^\d+: /, "").replace(/, signature.*$/, "")),
    irreps: opened.analysis.representations.map(({ name, dimension }) => ({
      name,
      dimension,
      functions: dimension ** 2,
    })),
  };
}

/** Published and measured metrics of the published models. */
export function groupModelSection(models: readonly GroupModel[]): ReportSection {
  const all = models.flatMap(({ compared }) => compared);
  const sound = all.filter(({ publishedWrongly }) => !publishedWrongly);
  const cyclic = models.find(({ compared }) => compared.some((one) => one.publishedWrongly));
  const of = (metric: string): Compared | undefined =>
    cyclic?.compared.find((one) => one.metric === metric);
  const restricted = of("total_hidden_restricted_loss");
  const hidden = of("percent_hidden_explained");
  return {
    title: "Published models measured again",
    prose: [
      `${models.map(describe).join(" ")} Of ${count(sound.length)} published metrics that can be compared, ${count(sound.filter(agrees).length)} are found again within 1e-4 of their size or 1e-6.`,
      cyclic === undefined
        ? "No model of a cyclic group is among them."
        : `For cyclic groups the published metrics of the hidden layer are wrong: the four entries of a rotation span two functions, and the published code takes four directions, two of them rounding noise. For ${cyclic.name} the share of the hidden layer is ${percent(hidden?.measured ?? 0)} (published ${percent(hidden?.published ?? 0)}) and the restricted loss ${number(restricted?.measured ?? 0)} (published ${number(restricted?.published ?? 0)}).`,
    ],
    figures: [
      {
        id: "published-metrics",
        title: "Published against measured",
        see: "Every metric of every published model. On the line: equal. Off it, in the second colour: metrics of the hidden layer of cyclic groups, where the published ones hold rounding noise.",
        figure: scatter({
          groups: [
            group("published and measured", sound),
            group(
              "published with noise",
              all.filter((one) => one.publishedWrongly),
            ),
          ].filter(({ x }) => x.length > 0),
          xLabel: "published",
          yLabel: "measured",
          diagonal: true,
          logX: true,
          logY: true,
        }),
      },
    ],
  };
}

/** Smallest published number that is drawn: below is rounding. */
const smallestDrawn = 1e-8;

function group(name: string, compared: readonly Compared[]) {
  const drawn = compared.filter(
    ({ published, measured }) => published > smallestDrawn && measured > smallestDrawn,
  );
  return {
    name,
    x: drawn.map(({ published }) => published),
    y: drawn.map(({ measured }) => measured),
    labels: drawn.map(({ metric }) => metric),
  };
}

function describe({ name, testAccuracy, keyRepresentations }: GroupModel): string {
  const shown =
    keyRepresentations.length <= 5
      ? list(keyRepresentations)
      : `${keyRepresentations.length} frequencies`;
  return `${name} answers ${percent(testAccuracy)} of its test pairs with ${shown}.`;
}

/** The first steps of published runs, from their seeds. */
export function repeatedSection(repeated: Readonly<Record<string, Curves>>): ReportSection {
  const runs = Object.entries(repeated).map(
    ([name, { step, trainLoss }]) =>
      `${name}: train loss ${trainLoss[1]?.toFixed(8)} after the first update, ${trainLoss.at(-1)?.toFixed(6)} after ${count(step.at(-1) ?? 0)}.`,
  );
  return {
    title: "The first steps of published runs",
    prose: [
      `Two published runs are trained again from their seeds, for as long as rounding lets two machines agree. ${runs.join(" ")} The claims compare these with the published logs, whose epoch e is measured after e + 1 updates.`,
    ],
    figures: [],
  };
}
