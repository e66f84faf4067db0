import { trainingSection } from "../shared/report-training.ts";
import { list, number, percent } from "../shared/words.ts";
import type { ReportSection } from "../study.ts";
import type { ModularAdditionParams } from "./params.ts";
import { attentionSection } from "./report-attention.ts";
import { embeddingSection, fourierSection } from "./report-embedding.ts";
import { logitSection, neuronSection } from "./report-neurons.ts";
import { progressSection } from "./report-progress.ts";
import type { CircuitResults, ModularAdditionResults } from "./results.ts";

export function report(
  params: ModularAdditionParams,
  { curves, circuit, published }: ModularAdditionResults,
): ReportSection[] {
  return [
    summary(params, circuit),
    ...(curves.step.length > 0 ? [trainingSection(curves, params.p)] : []),
    ...(circuit === null ? [] : circuitSections(circuit)),
    ...(published === null
      ? []
      : [
          {
            title: "The same functions on a published run",
            prose: [
              `Nanda et al. published a run of this task with weight decay 0.1. The analysis above, applied to that file, finds the frequencies ${list(published.keyFrequencies)}, a loss over all pairs of ${number(published.full)} nats, a restricted loss of ${number(published.restricted)} and an excluded loss of ${number(published.excluded)}. The claims compare these with what was published.`,
            ],
            figures: [],
          },
        ]),
  ];
}

/** The sections about what a model of a + b does inside, in reading order. */
export function circuitSections(circuit: CircuitResults): ReportSection[] {
  const { analysis } = circuit;
  return [
    attentionSection(analysis.attention),
    embeddingSection(circuit),
    fourierSection(analysis),
    neuronSection(analysis),
    logitSection(analysis),
    ...progressSection(circuit),
  ];
}

function summary(
  { operation, p }: ModularAdditionParams,
  circuit: CircuitResults | null,
): ReportSection {
  const task = `A one-layer transformer reads \`a b =\` and answers ${operation} modulo ${p}.`;
  if (circuit === null) {
    return {
      title: "What this is",
      prose: [`${task} The Fourier analysis below the curves is about a + b and is left out here.`],
      figures: [],
    };
  }
  const { keyFrequencies, summary: shares } = circuit.analysis;
  return {
    title: "In short",
    prose: [
      keyFrequencies.length === 0
        ? `${task} No frequency stands out in its weights: it has not learned the trigonometric algorithm.`
        : `${task} It does so with waves: it embeds the numbers on circles of frequency ${list(keyFrequencies)}, multiplies waves of a with waves of b in its neurons, and reads off cos w(a + b − c) for every answer c. Those cosines make up ${percent(shares.logits)} of the variance of its logits.`,
    ],
    figures: [],
  };
}
