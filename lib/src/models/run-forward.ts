/** A forward pass that gives logits, a loss, both, or a residual stream. */

import { Tensor, tensor } from "../arrays/index.ts";
import { InputError } from "../core/errors.ts";
import { checkOptions, type OptionNames } from "../core/options.ts";
import { shown } from "../core/text.ts";
import { guarded } from "./guarded.ts";
import { type HookEntry, type Hooks, hooksOf } from "./hook-entries.ts";
import { changed, identity } from "./hooks.ts";
import { lossFn } from "./loss.ts";
import type { Hook, Model, Span, Weights } from "./model.ts";
import { reachOf } from "./reach.ts";
import { axisSize, maskTensor, type Tokens, tokenTensor } from "./tokens.ts";

/** What a pass gives; null runs it up to the unembedding, for its hook alone, and gives null. */
export type ReturnKind = "logits" | "loss" | "both" | null;

/** The result of a pass with `returnType` "both". */
export interface LogitsAndLoss {
  /** "batch pos d_vocab_out" */
  readonly logits: Tensor;
  readonly loss: Tensor;
}

/** The result for a `returnType`. */
export type Returned<R extends ReturnKind> = R extends null
  ? null
  : R extends "both"
    ? LogitsAndLoss
    : Tensor;

/** Options of every pass. */
export interface PassOptions {
  /**
   * First block that runs, negative from the end; the input is then the residual stream
   * "batch pos d_model" before it, as a tensor or an NdArray.
   */
  readonly startAtLayer?: number | undefined;
  /**
   * "batch pos", 0 where a token is padding (on either side). Nobody attends to padding, positions
   * count real tokens only, and the loss leaves out every pair of tokens that touches padding.
   */
  readonly attentionMask?: Tokens | undefined;
  /** Called at every hook point, as the function of a `HookEntry`; default none. */
  readonly hook?: Hook | undefined;
}

/** Options of a pass to the end. */
export interface ForwardOptions<R extends ReturnKind = ReturnKind> extends PassOptions {
  /** Default "logits". */
  readonly returnType?: R | undefined;
  /** The loss "batch pos" of each next token, one position shorter, and not their mean. */
  readonly lossPerToken?: boolean | undefined;
  /** The tokens, for a loss after `startAtLayer`. */
  readonly tokens?: Tokens | undefined;
  readonly stopAtLayer?: undefined;
}

/** Options of a pass that ends with the residual stream before a block. */
export interface StopOptions extends PassOptions {
  /** The block before which the pass ends, negative from the end; 0 is the embedding alone. */
  readonly stopAtLayer: number;
  readonly returnType?: undefined;
}

/** Options of a pass whose hooks are given apart. */
export type Unhooked<O> = Omit<O, "hook">;

const unhookedOptions: OptionNames<Unhooked<ForwardOptions> | Unhooked<StopOptions>> = {
  returnType: true,
  startAtLayer: true,
  stopAtLayer: true,
  attentionMask: true,
  lossPerToken: true,
  tokens: true,
};
const forwardOptions: OptionNames<ForwardOptions | StopOptions> = {
  ...unhookedOptions,
  hook: true,
};

/**
 * The forward pass that the options describe.
 * @throws InputError for layers out of range, a loss that means nothing, or a model without blocks;
 * ShapeError for more positions than the model has.
 */
export function runForward<C, R extends ReturnKind = "logits">(
  model: Model<C>,
  weights: Weights,
  config: C,
  input: Tokens,
  options: ForwardOptions<R> | StopOptions,
): Returned<ReturnKind> {
  checkOptions<ForwardOptions | StopOptions>("forward", options, forwardOptions);
  const { hook } = options;
  if (hook !== undefined && typeof hook !== "function") {
    throw new InputError(`forward: hook must be a function of (name, value), got ${shown(hook)}`);
  }
  return runHooked(model, weights, config, input, options, {
    hook: hook === undefined ? identity : (name, x) => changed(name, x, (y) => hook(name, y)),
    requireFired: () => undefined,
  });
}

/** `runForward` with the hooks of entries, whose options were checked. */
export function runWithEntries<C>(
  model: Model<C>,
  weights: Weights,
  config: C,
  input: Tokens,
  entries: readonly HookEntry[],
  options: Unhooked<ForwardOptions> | Unhooked<StopOptions>,
): Returned<ReturnKind> {
  const where = "runWithHooks";
  checkOptions<Unhooked<ForwardOptions> | Unhooked<StopOptions>>(where, options, unhookedOptions);
  const points = model.points(config);
  const { startAtLayer, stopAtLayer, returnType } = options;
  const reach = reachOf(points, { startAtLayer, stopAtLayer, unembed: returnType !== null });
  return runHooked(model, weights, config, input, options, hooksOf(where, points, entries, reach));
}

function runHooked<C>(
  model: Model<C>,
  weights: Weights,
  config: C,
  input: Tokens,
  options: Unhooked<ForwardOptions> | Unhooked<StopOptions>,
  { hook, requireFired }: Hooks,
): Returned<ReturnKind> {
  const { startAtLayer, stopAtLayer } = options;
  const returnType = kindOf(options);
  const parameters = model.parameters(config);
  const tokens =
    startAtLayer === undefined
      ? tokenTensor(model.name, parameters, input, model.reads)
      : undefined;
  const attentionMask =
    options.attentionMask === undefined ? undefined : maskTensor("forward", options.attentionMask);
  const span: Span = { startAtLayer, stopAtLayer, attentionMask, unembed: returnType !== null };
  model.checkSpan?.(config, span);
  if (givesLoss(returnType)) checkVocabulary(model, config);
  const run =
    tokens === undefined
      ? { tokens: input instanceof Tensor ? input : tensor(input), hook }
      : guarded(parameters, tokens, hook, model.reads);
  const end = runSpan(model, weights, config, run.tokens, run.hook, span);
  requireFired();
  if (stopAtLayer !== undefined || returnType === "logits") return end;
  if (returnType === null) return null;
  const loss = lossFn(end, tokens ?? givenTokens(model, config, options), {
    perToken: options.lossPerToken ?? false,
    attentionMask,
  });
  return returnType === "both" ? { logits: end, loss } : loss;
}

const kinds: readonly unknown[] = ["logits", "loss", "both", null];

/** The kind of result. @throws InputError for another one, or one beside `stopAtLayer`. */
function kindOf(options: Unhooked<ForwardOptions> | Unhooked<StopOptions>): ReturnKind {
  const { returnType = "logits", stopAtLayer } = options;
  if (!kinds.includes(returnType)) {
    throw new InputError(
      `forward: returnType must be "logits", "loss", "both" or null, got "${returnType}"`,
    );
  }
  if ("lossPerToken" in options && options.lossPerToken && !givesLoss(returnType)) {
    throw new InputError(
      `forward: lossPerToken needs returnType "loss" or "both", got ${returnType}`,
    );
  }
  if ("tokens" in options && options.tokens !== undefined) {
    if (options.startAtLayer === undefined || !givesLoss(returnType)) {
      throw new InputError(
        "forward: the option tokens is for a loss after startAtLayer only; otherwise leave it out",
      );
    }
  }
  if (stopAtLayer !== undefined && options.returnType !== undefined) {
    throw new InputError(
      `forward: with stopAtLayer the residual stream is returned, so leave returnType out, got ${returnType}`,
    );
  }
  return returnType;
}

function givesLoss(kind: ReturnKind): boolean {
  return kind === "loss" || kind === "both";
}

/** A pass of a model, a stretch of it if the model consists of blocks. */
export function runSpan<C>(
  model: Model<C>,
  weights: Weights,
  config: C,
  input: Tensor,
  hook: Hook,
  span: Span,
): Tensor {
  if (model.forwardSpan !== undefined) {
    return model.forwardSpan(weights, config, input, hook, span);
  }
  const asked = (["startAtLayer", "stopAtLayer", "attentionMask"] as const).find(
    (name) => span[name] !== undefined,
  );
  if (asked === undefined) return model.forward(weights, config, input, hook);
  throw new InputError(`forward: ${asked} is not possible with ${model.name}, got ${span[asked]}`);
}

/** @throws InputError for a model with fewer classes than tokens. */
function checkVocabulary<C>(model: Model<C>, config: C): void {
  const parameters = model.parameters(config);
  const inputs = axisSize(parameters, "d_vocab") ?? 0;
  const outputs = axisSize(parameters, "d_vocab_out") ?? inputs;
  if (outputs >= inputs) return;
  throw new InputError(
    `forward: ${outputs} classes are too few to predict the next of ${inputs} tokens; ` +
      "take the logits, and crossEntropy with labels of your own",
  );
}

function givenTokens<C>(
  model: Model<C>,
  config: C,
  options: Unhooked<ForwardOptions> | Unhooked<StopOptions>,
): Tensor {
  const tokens = "tokens" in options ? options.tokens : undefined;
  if (tokens !== undefined) return tokenTensor(model.name, model.parameters(config), tokens);
  throw new InputError("forward: a loss after startAtLayer needs the option tokens, got none");
}
