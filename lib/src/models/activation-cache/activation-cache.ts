import { squeeze, type Tensor } from "../../arrays/index.ts";
import { InputError, ShapeError, UnknownNameError } from "../../core/errors.ts";
import { checkOptions } from "../../core/options.ts";
import { canonicalName, getActName } from "../act-name.ts";
import { gradSuffix } from "../gradients.ts";
import type { HookNameInput, LayerType, ShortName } from "../names.ts";
import type { Cache } from "../run.ts";
import { applySlice, type Slice } from "../slice.ts";
import { type LogitAttrsOptions, logitAttrs, type TokenChoice } from "./attribution.ts";
import { type DecompositionOptions, getFullResidDecomposition } from "./decomposition.ts";
import { headResults, stackHeadResults } from "./heads.ts";
import { type LabeledStack, stackLabeled } from "./labeled-stack.ts";
import { readerOf, writersOf } from "./layers.ts";
import {
  getNeuronResults,
  type NeuronOptions,
  type StackNeuronsOptions,
  stackNeuronResults,
} from "./neurons.ts";
import { type ApplyLnOptions, applyLnToStack } from "./norm.ts";
import {
  type AccumulatedOptions,
  accumulatedResid,
  type DecomposeOptions,
  decomposeResid,
} from "./residuals.ts";
import type { StackResultsOptions } from "./results.ts";
import { type CacheSource, nLayersOf } from "./source.ts";

/** The name of an activation: full, short with a layer, or either with "_grad". */
export type ActivationName = ShortName | `${ShortName}_grad` | HookNameInput;

/**
 * Activations of a forward pass by name, short names allowed: `cache.get("pattern", 0)`. Methods
 * that take the residual stream apart return `LabeledStack`s. `layer` means what that layer reads;
 * left out, or -1, it is the unembedding. Nothing is changed: methods that change return a cache.
 */
export class ActivationCache {
  readonly #values: Cache;
  readonly source: CacheSource;
  readonly nLayers: number;
  /** False after `removeBatchDim`, or `applySliceToBatchDim` with one sequence. */
  readonly hasBatchDim: boolean;

  constructor(values: Cache, source: CacheSource, { hasBatchDim = true } = {}) {
    this.#values = values;
    this.source = source;
    this.nLayers = nLayersOf(source);
    this.hasBatchDim = hasBatchDim;
  }

  /**
   * An activation by full or short name (see `getActName`). A negative layer counts from the end.
   * @throws UnknownNameError naming the nearest activations in the cache.
   */
  get(name: ActivationName, layer?: number, layerType?: LayerType): Tensor {
    if (typeof name !== "string") {
      const got = Array.isArray(name) ? "a list" : typeof name;
      throw new InputError(
        `cache.get: takes a name and a layer, as in cache.get("pattern", 0), got ${got}`,
      );
    }
    const full = this.#fullName(name, layer, layerType);
    const value = this.#values.get(full);
    if (value !== undefined) return value;
    throw new UnknownNameError("ActivationCache", "activation", full, this.names());
  }

  /** Whether `get` has a value. @throws UnknownNameError for a short name that no model has. */
  has(name: ActivationName, layer?: number, layerType?: LayerType): boolean {
    return this.#values.has(this.#fullName(name, layer, layerType));
  }

  /** Full names in the order of firing. */
  names(): readonly string[] {
    return [...this.#values.keys()];
  }

  /** As `names`, for loops over maps. */
  keys(): MapIterator<string> {
    return this.#values.keys();
  }

  values(): readonly Tensor[] {
    return [...this.#values.values()];
  }

  entries(): readonly (readonly [name: string, value: Tensor])[] {
    return [...this.#values];
  }

  [Symbol.iterator](): MapIterator<[string, Tensor]> {
    return this.#values[Symbol.iterator]();
  }

  get size(): number {
    return this.#values.size;
  }

  /** One line for each activation: its name, dtype and shape. */
  toString(): string {
    const lines = [...this.#values].map(([name, x]) => `${name} ${x.dtype}[${x.shape}]`);
    return [`ActivationCache(${this.size} activations of ${this.source.name})`, ...lines].join(
      "\n  ",
    );
  }

  /** What `console.log` shows in Node and Deno. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  /** What a Jupyter notebook shows (Deno's protocol). */
  [Symbol.for("Jupyter.display")](): { readonly "text/plain": string } {
    return { "text/plain": this.toString() };
  }

  #fullName(name: string, layer?: number, layerType?: string): string {
    if (this.#values.has(name)) return name;
    if (name.endsWith(gradSuffix)) {
      const point = name.slice(0, -gradSuffix.length);
      return this.#fullName(point, layer, layerType) + gradSuffix;
    }
    const from = layer !== undefined && layer < 0 ? layer + this.nLayers : layer;
    const exists = (point: string) => this.source.points.some((p) => p.name === point);
    return getActName(canonicalName(name, exists), from, layerType);
  }

  /** The same activations without the batch axis. @throws ShapeError unless its size is 1. */
  removeBatchDim(): ActivationCache {
    if (!this.hasBatchDim) return this;
    return this.#mapped(false, (x, name) => {
      if (x.shape[0] === 1) return squeeze(x, 0);
      throw new ShapeError(`removeBatchDim: batch axis of "${name}"`, [1], x.shape.slice(0, 1));
    });
  }

  /** Activations of some sequences; one sequence drops the batch axis. */
  applySliceToBatchDim(slice: Slice): ActivationCache {
    if (!this.hasBatchDim) {
      throw new InputError("applySliceToBatchDim: the cache has no batch axis any more");
    }
    return this.#mapped(typeof slice !== "number", (x) => applySlice(x, 0, slice));
  }

  #mapped(hasBatchDim: boolean, f: (x: Tensor, name: string) => Tensor): ActivationCache {
    const values = new Map([...this.#values].map(([name, x]) => [name, f(x, name)]));
    return new ActivationCache(values, this.source, { hasBatchDim });
  }

  /** The residual stream before each block up to `layer`, the input of a logit lens. */
  accumulatedResid(layer?: number, options: AccumulatedOptions = {}): LabeledStack {
    checkOptions("accumulatedResid", options, {
      inclMid: true,
      mlpInput: true,
      applyLn: true,
      posSlice: true,
    });
    return accumulatedResid(this, layer, options);
  }

  /** Embeddings and outputs of attention and MLPs before `layer`; they add up to the stream. */
  decomposeResid(layer?: number, options: DecomposeOptions = {}): LabeledStack {
    checkOptions("decomposeResid", options, {
      mode: true,
      inclEmbeds: true,
      mlpInput: true,
      applyLn: true,
      posSlice: true,
    });
    return decomposeResid(this, layer, options);
  }

  /** The cache with every `attn.hook_result` "batch pos head d_model", what each head writes. */
  computeHeadResults(): ActivationCache {
    const method = "computeHeadResults";
    writersOf(this, method);
    const results = Array.from(
      { length: this.nLayers },
      (_, l) => [getActName("result", l), headResults(this, method, l)] as const,
    );
    const { source, hasBatchDim } = this;
    return new ActivationCache(new Map([...this.#values, ...results]), source, { hasBatchDim });
  }

  /** What each head before `layer` writes, labels `L0H0` … */
  stackHeadResults(layer?: number, options: StackResultsOptions = {}): LabeledStack {
    checkOptions("stackHeadResults", options, {
      inclRemainder: true,
      applyLn: true,
      posSlice: true,
      projectOutputOnto: true,
    });
    return stackHeadResults(this, layer, options);
  }

  /** What each neuron of a block writes, "batch pos neuron d_model". */
  getNeuronResults(layer: number, options: NeuronOptions = {}): Tensor {
    checkOptions("getNeuronResults", options, {
      neuronSlice: true,
      posSlice: true,
      projectOutputOnto: true,
    });
    return getNeuronResults(this, layer, options);
  }

  /** What each neuron before `layer` writes, labels `L0N0` … */
  stackNeuronResults(layer?: number, options: StackNeuronsOptions = {}): LabeledStack {
    checkOptions("stackNeuronResults", options, {
      neuronSlice: true,
      inclRemainder: true,
      applyLn: true,
      posSlice: true,
      projectOutputOnto: true,
    });
    return stackNeuronResults(this, layer, options);
  }

  /** One activation of every block before `layer`; labels are the full names. */
  stackActivation(name: ShortName, layer?: number, layerType?: LayerType): LabeledStack {
    const method = "stackActivation";
    const { layer: end } = readerOf(this, method, layer);
    const names = Array.from({ length: end }, (_, l) => getActName(name, l, layerType));
    return stackLabeled(
      method,
      names.map((full) => [full, this.get(full)]),
    );
  }

  /** Components as the norm before `layer` leaves them, with its cached scale. */
  applyLnToStack<S extends Tensor | LabeledStack>(
    stack: S,
    layer?: number,
    options: ApplyLnOptions = {},
  ): S {
    checkOptions("applyLnToStack", options, {
      mlpInput: true,
      posSlice: true,
      batchSlice: true,
      recomputeLn: true,
    });
    return applyLnToStack(this, stack, layer, options);
  }

  /** What each component adds to the logit of a token, or to a difference of logits. */
  logitAttrs<S extends Tensor | LabeledStack>(
    stack: S,
    tokens: TokenChoice,
    options: LogitAttrsOptions = {},
  ): S {
    checkOptions("logitAttrs", options, {
      incorrectTokens: true,
      posSlice: true,
      batchSlice: true,
      applyNormWeight: true,
    });
    return logitAttrs(this, stack, tokens, options);
  }

  /** Heads, neurons (or MLPs), embeddings and biases before `layer`; they add up to the stream. */
  getFullResidDecomposition(layer?: number, options: DecompositionOptions = {}): LabeledStack {
    checkOptions("getFullResidDecomposition", options, {
      mlpInput: true,
      expandNeurons: true,
      applyLn: true,
      posSlice: true,
      projectOutputOnto: true,
    });
    return getFullResidDecomposition(this, layer, options);
  }
}
