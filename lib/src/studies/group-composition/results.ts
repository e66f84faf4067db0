/** The study's results: plain numbers, everything its claims and figures are made of. */

import { character, type RepresentationAnalysis } from "../../analysis/index.ts";
import { type NdArray, nd } from "../../core/nd.ts";
import { conjugacyClasses, elementOrder } from "../../groups/index.ts";
import { type Curves, curvesOf } from "../shared/curves.ts";
import type { StudyContext, TrainedRun } from "../study.ts";
import { type GroupModel, openGroupModels } from "./group-models.ts";
import {
  analyseWeights,
  type OpenedModel,
  openModel,
  type Subject,
  subjectOf,
  sumOfSquaredWeights,
} from "./open.ts";
import type { GroupCompositionParams } from "./params.ts";
import { openSeed003, type Seed003 } from "./seed003.ts";

export interface GroupCompositionResults {
  /** Empty when a checkpoint was analysed without training. */
  readonly curves: Curves;
  readonly group: GroupSummary;
  /** Whether the split of `opened` is the one that the weights were trained on. */
  readonly dataKnown: boolean;
  readonly opened: OpenedModel;
  /** Null when only one checkpoint is there. */
  readonly progress: Progress | null;
  /** Null where the file is not at hand, or published models were not asked for. */
  readonly seed003: Seed003 | null;
  readonly groupModels: readonly GroupModel[];
  /** The losses of the repeated first steps of published runs, by name. */
  readonly repeated: Readonly<Record<string, Curves>>;
}

export interface GroupSummary {
  readonly name: string;
  readonly order: number;
  readonly labels: readonly string[];
  /** Size and one element of each conjugacy class. */
  readonly classes: readonly {
    readonly size: number;
    readonly label: string;
    readonly order: number;
  }[];
  readonly irreps: readonly IrrepSummary[];
  /** "irrep class" */
  readonly characterTable: NdArray;
}

export interface IrrepSummary {
  readonly name: string;
  readonly dimension: number;
  /** Dimension of the span of its matrix entries: d², or d²/2 where it splits over the complex numbers. */
  readonly functions: number;
}

/** The metrics at every checkpoint. */
export interface Progress {
  readonly steps: readonly number[];
  readonly irreps: readonly string[];
  /** "checkpoint irrep" */
  readonly similarity: NdArray;
  readonly embedding: NdArray;
  readonly test: readonly number[];
  readonly restricted: readonly number[];
  readonly excluded: readonly number[];
  readonly squaredWeights: readonly number[];
}

export async function analyse(
  params: GroupCompositionParams,
  run: TrainedRun,
  context: StudyContext,
): Promise<GroupCompositionResults> {
  context.progress("opening the final model");
  const last = await run.weights(run.checkpointSteps.at(-1) ?? 0);
  const subject = await subjectOf(context.backend, params, last);
  try {
    const opened = await openModel(subject, last, context.progress);
    const trained = run.checkpointSteps.length > 1;
    const published = params.published && run.metrics.length > 0;
    return {
      curves: curvesOf(run.metrics),
      group: summaryOf(subject),
      dataKnown: run.dataKnown !== false,
      opened,
      progress: trained ? await follow(subject, opened.analysis, run, context) : null,
      seed003: published ? await openSeed003(context) : null,
      groupModels: published ? await openGroupModels(context) : [],
      repeated: Object.fromEntries(
        Object.entries(run.companions).map(([name, { metrics }]) => [name, curvesOf(metrics)]),
      ),
    };
  } finally {
    await subject.runner.release();
  }
}

/** A character with the rounding noise of its sum taken off. */
function withoutRounding(x: number): number {
  return Math.round(x * 1e12) / 1e12 + 0;
}

function summaryOf({ group, irreps }: Subject): GroupSummary {
  const classes = conjugacyClasses(group);
  const rows = irreps.map((irrep) => {
    const chi = character(irrep);
    return classes.map((members) => withoutRounding(chi[members[0] as number] as number));
  });
  return {
    name: group.name,
    order: group.order,
    labels: Array.from({ length: group.order }, (_, a) => group.label(a)),
    classes: classes.map((members) => ({
      size: members.length,
      label: group.label(members[0] as number),
      order: elementOrder(group, members[0] as number),
    })),
    irreps: irreps.map(({ name, dimension, complexStructure }) => ({
      name,
      dimension,
      functions: dimension ** 2 / (complexStructure === undefined ? 1 : 2),
    })),
    characterTable: nd("float64", [irreps.length, classes.length], rows.flat()),
  };
}

/** Measure every checkpoint; "key" are the final model's key representations at every step. */
async function follow(
  subject: Subject,
  final: RepresentationAnalysis,
  run: TrainedRun,
  context: StudyContext,
): Promise<Progress> {
  context.progress(`following ${run.checkpointSteps.length} checkpoints`);
  const irreps = final.representations.map(({ name }) => name);
  const analyses: RepresentationAnalysis[] = [];
  const squaredWeights: number[] = [];
  for (const step of run.checkpointSteps) {
    const weights = await run.weights(step);
    const pass = subject.runner.pass(weights);
    analyses.push(await analyseWeights(subject, weights, pass, final.keyRepresentations));
    squaredWeights.push(sumOfSquaredWeights(weights));
  }
  const table = (
    value: (one: RepresentationAnalysis["representations"][number]) => number,
  ): NdArray =>
    nd(
      "float64",
      [analyses.length, irreps.length],
      analyses.flatMap(({ representations }) => representations.map(value)),
    );
  return {
    steps: run.checkpointSteps,
    irreps,
    similarity: table(({ logitSimilarity }) => logitSimilarity ?? 0),
    embedding: table(({ embedA, embedB }) => (embedA + embedB) / 2),
    test: analyses.map(({ performance }) => performance.loss.test),
    restricted: analyses.map(({ losses }) => losses.hiddenRestricted),
    excluded: analyses.map(({ losses }) => losses.hiddenExcluded),
    squaredWeights,
  };
}
