import { bars, heatmap, lines, signImage } from "../../figures/index.ts";
import { circuitSections } from "../modular-addition/report.ts";
import { lastOf } from "../shared/curves.ts";
import { trainingSection } from "../shared/report-training.ts";
import { list, number, percent } from "../shared/words.ts";
import type { ReportFigure, ReportSection } from "../study.ts";
import type { BitNetParams } from "./params.ts";
import { printedLog } from "./printed-log.ts";
import { type BinaryResults, type BitNetResults, kindOf, type ModelResults } from "./results.ts";

export function report(params: BitNetParams, results: BitNetResults): ReportSection[] {
  const { model, others, binary } = results;
  const printed =
    params.weightDecay === 0 && params.quantization === "binary"
      ? { ...printedLog, name: "seed 000", step: printedLog.trainStep }
      : undefined;
  return [
    answer(params, results),
    ...(model.curves.step.length > 0 ? [trainingSection(model.curves, params.p, printed)] : []),
    ...(others.length > 0 ? [comparison([model, ...others])] : []),
    ...(binary === null ? [] : [binarySection(binary)]),
    ...(model.circuit === null ? [] : circuitSections(model.circuit)),
  ];
}

/** The question of seed 000, answered with the numbers of this run. */
function answer({ p, operation }: BitNetParams, { model, others }: BitNetResults): ReportSection {
  const kind = kindOf(model.quantization);
  const task = `A one-layer transformer with ${kind} weights in attention and MLP learns ${operation} modulo ${p}.`;
  const asked =
    "Seed 000 asks: do networks with weights of one bit simulate a full-precision network, or do they learn another algorithm?";
  if (model.circuit === null) {
    return { title: "What this is", prose: [task], figures: [] };
  }
  const says = ({ quantization, circuit }: ModelResults): string => {
    if (circuit === null) return "";
    const { summary: s, keyFrequencies: key, performance } = circuit.analysis;
    const who = `**${kindOf(quantization)}** (${percent(performance.accuracy.test)} of unseen pairs right)`;
    if (key.length === 0) {
      return `${who}: no frequency stands out; the best single one explains on average ${percent(s.meanNeuronFraction)} of a neuron.`;
    }
    return `${who}: key frequencies ${list(key)} hold ${percent(s.embedding)} of the embedding's squared norm, ${percent(s.unembedding)} of the unembedding's, ${percent(s.neuronVariance)} of the neurons' variance and ${percent(s.logits)} of the logits' in cos w(a + b − c); ${percent(s.wellExplainedNeurons)} of the neurons are waves of one frequency.`;
  };
  return {
    title: "Does a binary network run the same algorithm?",
    prose: [`${task} ${asked} ${verdict(model, others)}`, ...[model, ...others].map(says)],
    figures: [],
  };
}

/** Same algorithm: logits made of the cosines, and (un)embeddings at twice the uniform share or more. */
function verdict({ circuit, quantization }: ModelResults, others: readonly ModelResults[]): string {
  if (circuit === null) return "";
  const { summary: s } = circuit.analysis;
  const same = s.logits > 0.5 && s.embedding > 2 * s.uniform && s.unembedding > 2 * s.uniform;
  if (!same) {
    return `At this point of its training the ${kindOf(quantization)} network does not show the Fourier algorithm.`;
  }
  const neurons = ` On average the best single frequency explains ${percent(s.meanNeuronFraction)} of a neuron${s.meanNeuronFraction < 0.5 ? ": its neurons mix several" : ""}.`;
  return `It runs the algorithm of the full-precision network that grokked (Nanda et al. 2023): circles in the embedding and cosines of a + b − c in the logits.${neurons}${besides(others)}`;
}

/** How the neurons of the compared models are; one that has not grokked yet has no circuit to show. */
function besides(others: readonly ModelResults[]): string {
  return others
    .map(({ quantization, circuit, curves }) => {
      if (circuit === null) return "";
      const { summary, performance } = circuit.analysis;
      return performance.accuracy.test >= grokkedAt
        ? ` In the ${kindOf(quantization)} one it explains ${percent(summary.meanNeuronFraction)}.`
        : ` The ${kindOf(quantization)} one has not grokked in ${lastOf(curves.step)} steps (${percent(performance.accuracy.test)} of unseen pairs right), so its circuit is not finished.`;
    })
    .join("");
}

/** Test accuracy from which a model counts as having grokked. */
const grokkedAt = 0.99;

function comparison(models: readonly ModelResults[]): ReportSection {
  return {
    title: "Full precision, binary and ternary side by side",
    prose: [
      "All start from the same weights and see the same data; only the matrices of the forward pass differ. " +
        models
          .map(
            ({ quantization, curves }) =>
              `${kindOf(quantization)}, after ${lastOf(curves.step)} steps: test accuracy ${percent(lastOf(curves.testAccuracy))}, test loss ${number(lastOf(curves.testLoss))}`,
          )
          .join("; ") +
        ".",
    ],
    figures: [lossesFigure(models), ...sharesFigure(models), ...neuronFigure(models)],
  };
}

function lossesFigure(models: readonly ModelResults[]): ReportFigure {
  return {
    id: "compare-losses",
    title: "Test loss of each kind of weights",
    see: "Which of them grok, and when. Training losses are dotted.",
    figure: lines({
      series: models.flatMap(({ quantization, curves }, color) => [
        { name: kindOf(quantization), x: curves.step, y: curves.testLoss, color },
        {
          name: `${kindOf(quantization)}, train`,
          x: curves.step,
          y: curves.trainLoss,
          faint: true,
          color,
        },
      ]),
      xLabel: "step",
      yLabel: "loss (nats)",
      logY: true,
    }),
  };
}

function sharesFigure(models: readonly ModelResults[]): ReportFigure[] {
  const opened = models.flatMap(({ quantization, circuit }) =>
    circuit === null ? [] : [{ quantization, of: circuit.analysis.summary }],
  );
  if (opened.length === 0) return [];
  return [
    {
      id: "compare-shares",
      title: "How much of each network lies in its key frequencies",
      see: "Shares of squared norm (embedding, unembedding, W_logit) and of variance (neurons, logits). Each network is measured against the key frequencies found in it.",
      figure: bars({
        categories: ["embedding", "unembedding", "W_logit", "neurons", "logits"],
        series: opened.map(({ quantization, of }) => ({
          name: kindOf(quantization),
          values: [of.embedding, of.unembedding, of.logitMap, of.neuronVariance, of.logits],
        })),
        yLabel: "share",
      }),
    },
  ];
}

function neuronFigure(models: readonly ModelResults[]): ReportFigure[] {
  const opened = models.flatMap(({ quantization, circuit }) =>
    circuit === null
      ? []
      : [
          {
            quantization,
            y: circuit.analysis.neurons.sortedFractions,
            mean: circuit.analysis.summary.meanNeuronFraction,
          },
        ],
  );
  if (opened.length === 0) return [];
  return [
    {
      id: "compare-neurons",
      title: "Best single frequency of each neuron, sorted",
      see: `A line near 1 means neurons of one frequency each. The means are ${list(opened.map(({ quantization, mean }) => `${percent(mean)} (${kindOf(quantization)})`))}.`,
      figure: lines({
        series: opened.map(({ quantization, y }) => ({ name: kindOf(quantization), y })),
        xLabel: "neuron, sorted",
        yLabel: "fraction of variance",
        references: [{ value: 0.85, label: "well explained" }],
      }),
    },
  ];
}

function binarySection({ W_in, product }: BinaryResults): ReportSection {
  return {
    title: "The weights are signs",
    prose: [
      `The network multiplies with sign(W − mean W). Displays of sign(W) alone, as in the notebook, differ from it in ${percent(W_in.uncentredDiffers)} of the entries of \`W_in\`; ${percent(W_in.positive)} of its signs are positive.`,
    ],
    figures: [
      {
        id: "sign-W-in",
        title: "sign(W_in − mean)",
        see: "Rows are directions of the residual stream, columns neurons. Black is −1, white +1.",
        figure: signImage({ z: W_in.signs, xLabel: "neuron", yLabel: "d_model" }),
      },
      {
        id: "integer-product",
        title: "sign(W_in) sign(W_O) sign(W_V)",
        see: "What a value can add to a neuron, as exact integers: neurons down, residual directions across.",
        figure: heatmap({
          z: product,
          xLabel: "d_model",
          yLabel: "neuron",
          aspect: "auto",
          height: 520,
        }),
      },
    ],
  };
}
