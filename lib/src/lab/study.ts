/** The contract of a study: an article that computes what it says, asked of a lab. */

import type { z } from "zod";
import type { Tensor } from "../arrays/index.ts";
import type { Block } from "../article/index.ts";
import type { Backend } from "../compile/index.ts";
import type { NdArray } from "../core/nd.ts";
import type { Source } from "../core/source.ts";
import type {
  HookedModel,
  ReadArrays,
  Reading,
  ReadTensors,
  WeightArrays,
} from "../models/index.ts";
import type { TrainingPlan } from "../train/index.ts";
import type { Curves } from "./curves.ts";

/**
 * A model of which only the study knows the kind. Model and configuration types do not survive being
 * kept by name, as with `any[]` parameters of functions.
 */
// biome-ignore lint/suspicious/noExplicitAny: see above
export type AnyModel = HookedModel<any>;

/** A plan for a model of any kind. */
// biome-ignore lint/suspicious/noExplicitAny: see `AnyModel`
export type AnyPlan = TrainingPlan<any>;

/** An opened model: its weights, and readings of it on the lab's back end. */
export interface Subject {
  readonly model: AnyModel;
  readonly weights: WeightArrays;
  readonly backend: Backend;
  /** Bytes of the published file that it is from, for what it holds beside the model. */
  readonly file?: Uint8Array;
  /**
   * Tell how far a long measurement is, in a few words such as "30 % of all pairs". Throws the reason
   * when the run is being stopped.
   */
  progress(done: string): void;
  /** What `reading` returns for these arrays; compiled once for each kind of model and shapes. */
  run<A extends readonly Tensor[], T extends ReadTensors>(
    // biome-ignore lint/suspicious/noExplicitAny: see `AnyModel`
    reading: Reading<any, A, T>,
    ...arrays: { readonly [I in keyof A]: NdArray }
  ): Promise<ReadArrays<T>>;
}

/** One model at one moment. What was measured of it is there without reading its weights. */
export interface Snapshot {
  /** Configuration of the model. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Updates done; undefined for a file, which does not say. */
  readonly step: number | undefined;
  /**
   * What `f` gives for this model and these plain arguments: computed once and remembered, so the
   * arguments must be all that it depends on. `f` is a named function of a module; its result is
   * plain data (what `encodeJson` takes).
   */
  measure<A extends readonly unknown[], T>(
    f: (subject: Subject, ...args: A) => T | Promise<T>,
    ...args: A
  ): Promise<T>;
}

/** A training, finished or not; it always has its beginning. */
export interface Training {
  readonly finished: boolean;
  /** Logged losses and accuracies; empty for a file. */
  readonly curves: Curves;
  /** Steps with a checkpoint, ascending. */
  readonly steps: readonly number[];
  /** The checkpoint nearest to `step`; default the last. */
  at(step?: number): Snapshot;
}

/** Where a study is done: a run folder, memory in a test, a browser tab, a worker of a sweep. */
export interface Lab {
  /**
   * Whether the parameters say what the model was trained on. True for trainings; for a file only
   * where the study's `knowsData` says so.
   */
  readonly dataKnown: boolean;
  /** A training of the study's plans; default the one called `model`. Throws `UnknownNameError`. */
  training(name?: string): Promise<Training>;
  /**
   * The published model with this name; undefined where its file is absent. `config` says what the
   * file does not.
   */
  published(
    name: string,
    config?: Readonly<Record<string, unknown>>,
  ): Promise<Snapshot | undefined>;
  /** The text of a published file that is no model, such as a log; undefined where it is absent. */
  publishedText(name: string): Promise<string | undefined>;
}

/** How large a plan is. */
export interface PlanSize {
  /** Weights of the model. */
  readonly weights: number;
  /** Tokens of all examples that are made before training. */
  readonly tokens: number;
}

/** What is known of a model in a file. */
export interface FileFacts {
  /** Name of the model, as in the registry: "hooked-transformer". */
  readonly model: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** Names of the parameters that were given; the others are defaults. */
  readonly given: ReadonlySet<string>;
  /** Texts of those of the study's `besideFiles` that are in the folder of the file, by name. */
  readonly beside: Readonly<Record<string, string>>;
}

/** A reproduction or an experiment that ends in claims. */
export interface Study<P = unknown, V = unknown> {
  readonly name: string;
  readonly title: string;
  /** Notebooks and papers. */
  readonly sources: readonly Source[];
  /** What decides the training, with defaults, units and meanings in `.meta(...)`. */
  readonly params: z.ZodType<P>;
  /** What a reader may look at afterwards: a neuron, a head, a step, an input. Never retrains. */
  readonly view: z.ZodType<V>;
  /** Changes to the parameters that make a run of seconds. */
  readonly smoke: Partial<P>;
  /**
   * `import.meta.url` of the modules with the functions that are measured: when the text of one
   * changes they are measured again.
   */
  readonly measurements: string | readonly string[];
  /** What the largest of the plans would take, told before anything is made. */
  size(params: P): PlanSize;
  /**
   * The parameters with what a model in a file says: its sizes, and what a text beside it tells.
   * Without it the model must have the configuration of the plan. Throws `InputError` for a model of
   * another kind, and for parameters given that contradict.
   */
  fit?(params: P, file: FileFacts): P;
  /** Names of files that may lie beside a model and say how it was trained. */
  readonly besideFiles?: readonly string[];
  /** Whether the parameters are those of the data that the model was trained on; default no. */
  knowsData?(file: FileFacts): boolean;
  /** What is trained, by name; `model` is the study's own. */
  plans(params: P): Readonly<Record<string, AnyPlan>>;
  article(params: P, lab: Lab, view: V): AsyncGenerator<Block>;
}
