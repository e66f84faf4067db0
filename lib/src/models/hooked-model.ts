import {
  concatenate,
  FactoredMatrix,
  stack,
  init as startArrays,
  swapaxes,
  type Tensor,
} from "../arrays/index.ts";
import { InputError, UnknownNameError } from "../core/errors.ts";
import { type NdArray, sizeOf } from "../core/nd.ts";
import { checkOptions } from "../core/options.ts";
import {
  ActivationCache,
  accumulatedBias,
  type BiasOptions,
  cacheSource,
  type TokenChoice,
  tokensToResidualDirections,
} from "./activation-cache/index.ts";
import { type GenerateOptions, generate } from "./generate/index.ts";
import { type HookEntry, hooksOf } from "./hook-entries.ts";
import type { Model, Tied, WeightArrays, Weights } from "./model.ts";
import type { WeightNameInput } from "./names.ts";
import { parseConfig } from "./parse.ts";
import { type PointRow, pointRows } from "./point-shapes.ts";
import {
  type AnyCacheOptions,
  type Cached,
  type CachedStopped,
  type CachedWithLoss,
  type GradientOptions,
  type PlainOptions,
  runWithAnyCache,
  type StoppedOptions,
} from "./run.ts";
import {
  type ForwardOptions,
  type Returned,
  type ReturnKind,
  runForward,
  runWithEntries,
  type StopOptions,
  type Unhooked,
} from "./run-forward.ts";
import { axisSize, type Tokens } from "./tokens.ts";
import type { WeightPass } from "./weight-processing/passes.ts";
import { checkSource, tensorsOf, type WeightSource } from "./weight-source.ts";
import { withHooks } from "./with-hooks.ts";

export type { Tokens } from "./tokens.ts";
export { checkWeights, type WeightSource } from "./weight-source.ts";

/**
 * Build a model and start the arrays. `options` are those of the model's configuration; the weights
 * are drawn from seed 0 by default.
 * @throws InputError for a wrong configuration; UnknownNameError, ShapeError or InputError for
 * weights that are not this model's. Absent biases are zero.
 */
export async function createModel<C>(
  model: Model<C>,
  options: unknown,
  source: WeightSource = { seed: 0 },
): Promise<HookedModel<C>> {
  checkSource(model.name, source);
  await startArrays();
  const config = parseConfig(model.name, model.config, options);
  const processed = "weights" in source ? source.processed : undefined;
  return new HookedModel(model, config, tensorsOf(model, config, source), processed);
}

/** A model with its configuration and weights: what one works with when analyzing. */
export class HookedModel<C> {
  readonly model: Model<C>;
  readonly config: C;
  readonly weights: Weights;
  /** The passes of weight processing that made these weights, in order; see `processWeights`. */
  readonly processed: readonly WeightPass[];

  constructor(model: Model<C>, config: C, weights: Weights, processed: readonly WeightPass[] = []) {
    this.model = model;
    this.config = config;
    this.weights = weights;
    this.processed = processed;
  }

  /**
   * Logits "batch pos d_vocab_out"; with `returnType` the loss of the next token in nats, both, or
   * null; with `stopAtLayer` the residual stream "batch pos d_model" before a block. With
   * `startAtLayer` the input is such a residual stream. Errors: see `runForward`.
   */
  forward(input: Tokens, options: StopOptions): Tensor;
  forward<R extends ReturnKind = "logits">(input: Tokens, options?: ForwardOptions<R>): Returned<R>;
  forward<R extends ReturnKind>(
    input: Tokens,
    options: ForwardOptions<R> | StopOptions = {},
  ): Returned<ReturnKind> {
    return runForward(this.model, this.weights, this.config, input, options);
  }

  /**
   * The prompts "batch pos", or one sequence, and what the model continues them with: int32
   * "batch pos". Sampling takes its chance from `rng`; see `GenerateOptions`.
   */
  generate(prompts: Tokens, options: GenerateOptions = {}): NdArray {
    return generate(this.model, this.weights, this.config, prompts, options);
  }

  /**
   * The same weights with some fields of the configuration changed, e.g. `{ useAttnResult: true }`.
   * @throws InputError when the model with these fields would have other weights.
   */
  withConfig(changes: Partial<C>): HookedModel<C> {
    const config = parseConfig(this.model.name, this.model.config, { ...this.config, ...changes });
    const shapes = (c: C): string =>
      this.model
        .parameters(c)
        .map(({ name, shape }) => `${name} ${shape}`)
        .sort()
        .join();
    if (shapes(config) !== shapes(this.config)) {
      throw new InputError(
        `withConfig: the weights must stay the same, got ${Object.keys(changes).join(", ")}; create another model`,
      );
    }
    return new HookedModel(this.model, config, this.weights, this.processed);
  }

  /**
   * Logits and activations, with `inclBwd` also the loss and gradients (see `runWithCache`), with
   * `stopAfterLast` no logits.
   */
  runWithCache(tokens: Tokens, options: StoppedOptions): CachedStopped<ActivationCache>;
  runWithCache(tokens: Tokens, options: GradientOptions): CachedWithLoss<ActivationCache>;
  runWithCache(tokens: Tokens, options?: PlainOptions): Cached<ActivationCache>;
  runWithCache(
    tokens: Tokens,
    options: AnyCacheOptions = {},
  ): Cached<ActivationCache> | CachedStopped<ActivationCache> {
    const { model, weights, config } = this;
    const ran = runWithAnyCache(model, weights, config, tokens, options);
    const source = cacheSource(model, config, weights);
    return { ...ran, cache: new ActivationCache(ran.cache, source) };
  }

  /**
   * What `forward` gives with these options, with some activations changed.
   * @throws UnknownNameError or InputError for names that do not fire.
   */
  runWithHooks(input: Tokens, hooks: readonly HookEntry[], options: Unhooked<StopOptions>): Tensor;
  runWithHooks<R extends ReturnKind = "logits">(
    input: Tokens,
    hooks: readonly HookEntry[],
    options?: Unhooked<ForwardOptions<R>>,
  ): Returned<R>;
  runWithHooks(
    input: Tokens,
    hooks: readonly HookEntry[],
    options: Unhooked<ForwardOptions> | Unhooked<StopOptions> = {},
  ): Returned<ReturnKind> {
    return runWithEntries(this.model, this.weights, this.config, input, hooks, options);
  }

  /**
   * The model with these changes in every pass, before other hooks: for hooks that are to stay.
   * @throws UnknownNameError or InputError for names that do not fire.
   */
  withHooks(hooks: readonly HookEntry[]): HookedModel<C> {
    hooksOf("withHooks", this.model.points(this.config), hooks);
    return new HookedModel(withHooks(this.model, hooks), this.config, this.weights, this.processed);
  }

  /** Every hook point in the order of firing, with its sizes and whether it fires. */
  hooks(): readonly PointRow[] {
    return pointRows(this.model.points(this.config), this.model.parameters(this.config));
  }

  /** Number of weights, biases included. */
  get nParamsTotal(): number {
    return this.model.parameters(this.config).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  }

  get nLayers(): number {
    const layers = this.model
      .parameters(this.config)
      .map(({ name }) => Number(/^blocks\.(\d+)\./.exec(name)?.[1] ?? -1));
    return Math.max(-1, ...layers) + 1;
  }

  /** Names of the heads, "L0H0", "L0H1" …, layer by layer. */
  allHeadLabels(): readonly string[] {
    const heads = axisSize(this.model.parameters(this.config), "head") ?? 0;
    return Array.from({ length: this.nLayers * heads }, (_, i) => {
      return `L${Math.floor(i / heads)}H${i % heads}`;
    });
  }

  /** The weights as plain numbers, by name; those that are tied to others too. */
  async stateDict(): Promise<WeightArrays> {
    const tied = this.#tied().map(({ name }) => [name, this.#weight(name)] as const);
    const entries = [...Object.entries(this.weights), ...tied].map(
      async ([name, w]) => [name, await w.read()] as const,
    );
    return Object.fromEntries(await Promise.all(entries));
  }

  /** A weight by its name. @throws UnknownNameError naming the nearest weights. */
  weight(name: WeightNameInput): Tensor {
    return this.#weight(name);
  }

  /**
   * Sum "d_model" of the biases that blocks before `layer` (default: all) write to the residual
   * stream. @throws InputError for a layer that is not.
   */
  accumulatedBias(layer: number = this.nLayers, options: BiasOptions = {}): Tensor {
    checkOptions("accumulatedBias", options, { mlpInput: true, inclMlpBiases: true });
    const last = options.mlpInput ? this.nLayers - 1 : this.nLayers;
    if (!Number.isInteger(layer) || layer < 0 || layer > last) {
      throw new InputError(
        `accumulatedBias: layer must be an integer from 0 to ${last}, got ${layer}`,
      );
    }
    return accumulatedBias(this.weights, this.W_E.shape[1] as number, layer, options);
  }

  /**
   * The weights that the forward pass multiplies by, by the same names: -1 and 1 in the blocks of a
   * binary model, for most models `weights` itself.
   */
  get effectiveWeights(): Weights {
    return this.model.effectiveWeights?.(this.weights, this.config) ?? this.weights;
  }

  /** Columns of W_U for tokens "…": "… d_model". */
  tokensToResidualDirections(tokens: TokenChoice): Tensor {
    return tokensToResidualDirections(this.W_U, tokens);
  }

  /** "d_vocab d_model" */
  get W_E(): Tensor {
    return this.#weight("embed.W_E");
  }
  /** "pos d_model" */
  get W_pos(): Tensor {
    return this.#weight("pos_embed.W_pos");
  }
  /** "d_vocab + pos d_model": W_E, and W_pos below it. */
  get W_E_pos(): Tensor {
    return concatenate([this.W_E, this.W_pos], 0);
  }
  /** "d_model d_vocab_out" */
  get W_U(): Tensor {
    return this.#weight("unembed.W_U");
  }
  /** "d_vocab_out" */
  get b_U(): Tensor {
    return this.#weight("unembed.b_U");
  }
  /** "layer head d_model d_head" */
  get W_Q(): Tensor {
    return this.#stacked("attn.W_Q");
  }
  /** "layer head d_model d_head" */
  get W_K(): Tensor {
    return this.#stacked("attn.W_K");
  }
  /** "layer head d_model d_head" */
  get W_V(): Tensor {
    return this.#stacked("attn.W_V");
  }
  /** "layer head d_head d_model" */
  get W_O(): Tensor {
    return this.#stacked("attn.W_O");
  }
  /** "layer d_model d_mlp" */
  get W_in(): Tensor {
    return this.#stacked("mlp.W_in");
  }
  /** "layer d_model d_mlp": what gates read, with `gatedMlp`. */
  get W_gate(): Tensor {
    return this.#stacked("mlp.W_gate");
  }
  /** "layer d_mlp d_model" */
  get W_out(): Tensor {
    return this.#stacked("mlp.W_out");
  }
  /** "layer head d_head" */
  get b_Q(): Tensor {
    return this.#stacked("attn.b_Q");
  }
  /** "layer head d_head" */
  get b_K(): Tensor {
    return this.#stacked("attn.b_K");
  }
  /** "layer head d_head" */
  get b_V(): Tensor {
    return this.#stacked("attn.b_V");
  }
  /** "layer d_model" */
  get b_O(): Tensor {
    return this.#stacked("attn.b_O");
  }
  /** "layer d_mlp" */
  get b_in(): Tensor {
    return this.#stacked("mlp.b_in");
  }
  /** "layer d_model" */
  get b_out(): Tensor {
    return this.#stacked("mlp.b_out");
  }

  /** W_Q W_Kᵀ of each head, "layer head d_model d_model": to which source a destination attends. */
  get QK(): FactoredMatrix {
    return new FactoredMatrix(this.W_Q, swapaxes(this.W_K, -2, -1));
  }
  /** W_V W_O of each head, "layer head d_model d_model": what attending to a source writes. */
  get OV(): FactoredMatrix {
    return new FactoredMatrix(this.W_V, this.W_O);
  }

  #weight(name: string): Tensor {
    const value = this.weights[name];
    if (value !== undefined) return value;
    const tied = this.#tied().find((one) => one.name === name);
    if (tied !== undefined) return this.#weight(tied.transposeOf).transpose();
    throw new UnknownNameError(this.model.name, "weight", name, Object.keys(this.weights));
  }

  #stacked(name: string): Tensor {
    const layers = Array.from({ length: this.nLayers }, (_, l) =>
      this.#weight(`blocks.${l}.${name}`),
    );
    return stack(layers, 0);
  }

  /** Weights that are transposes of others. */
  #tied(): readonly Tied[] {
    return this.model.tied?.(this.config) ?? [];
  }

  /** The kind of model, its configuration in short and its size; `console.log` shows the same. */
  toString(): string {
    const config = Object.entries(this.config as object)
      .filter(([, value]) => typeof value === "number" || typeof value === "string")
      .map(([name, value]) => `${name}: ${value}`);
    const names = Object.keys(this.weights);
    const shown = names.slice(0, 4).map((name) => `${name} [${this.weights[name]?.shape}]`);
    const more = names.length > shown.length ? `, … ${names.length} in all` : "";
    return [
      `HookedModel(${this.model.name}, ${this.nParamsTotal.toLocaleString("en-US")} parameters)`,
      `config: ${config.join(", ")}`,
      `weights: ${shown.join(", ")}${more}`,
    ].join("\n  ");
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  /** What a Jupyter notebook shows (Deno's protocol). */
  [Symbol.for("Jupyter.display")](): { readonly "text/plain": string } {
    return { "text/plain": this.toString() };
  }
}
