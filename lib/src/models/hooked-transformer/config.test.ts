import { describe, expect, it } from "vitest";
import { z } from "zod";
import { InputError } from "../../core/errors.ts";
import { parseConfig } from "../parse.ts";
import { hookedTransformerConfig } from "./config.ts";

const tiny = { dModel: 8, dHead: 4, nLayers: 1, nCtx: 5, dVocab: 7 };
const parse = (options: object) =>
  parseConfig("HookedTransformer", hookedTransformerConfig, options);
const message = (options: object): string => {
  try {
    parse(options);
  } catch (error) {
    if (error instanceof InputError) return error.message;
  }
  return "";
};

describe("hookedTransformerConfig", () => {
  it("fills in TransformerLens's defaults", () => {
    expect(parse(tiny)).toEqual({
      ...tiny,
      nHeads: 2,
      dMlp: 32,
      dVocabOut: 7,
      actFn: "relu",
      attnOnly: false,
      gatedMlp: false,
      normalizationType: "LN",
      eps: 1e-5,
      positionalEmbeddingType: "standard",
      rotaryDim: 4,
      rotaryBase: 10000,
      rotaryAdjacentPairs: false,
      attentionDir: "causal",
      useAttnScale: true,
      attnScale: 2,
      initMode: "gpt2",
      initializerRange: 0.8 / Math.sqrt(8),
      initOrder: "v1.13+",
      tieWordEmbeddings: false,
      useAttnResult: false,
      useSplitQkvInput: false,
      useAttnIn: false,
      useHookMlpIn: false,
      useHookTokens: false,
    });
  });

  it("allows nHeads * dHead to differ from dModel and the gain of the other initial laws to be 1", () => {
    const config = parse({ ...tiny, nHeads: 3, initMode: "xavier_normal" });
    expect([config.nHeads, config.initializerRange]).toEqual([3, 1]);
  });

  it("gives the same configuration when its own output is parsed again", () => {
    const config = parse({ ...tiny, positionalEmbeddingType: "rotary", normalizationType: null });
    expect(parse(config)).toEqual(config);
  });

  it("describes every field", () => {
    const schema = z.toJSONSchema(hookedTransformerConfig, { io: "input" });
    const properties = Object.entries(schema.properties ?? {});
    expect(properties.length).toBe(29);
    for (const [name, field] of properties) {
      expect((field as { description?: string }).description, name).toBeTruthy();
    }
  });

  it("refuses what is wrong in one sentence that names the field, the rule and the value", () => {
    expect(message({ ...tiny, d_mlp: 3 })).toBe(
      'HookedTransformer: unknown field "d_mlp"; did you mean dMlp, dHead, dModel?',
    );
    expect(message({ ...tiny, dModel: 9 })).toBe(
      "HookedTransformer: dModel must be a multiple of dHead unless nHeads is given, got 9 and 4",
    );
    expect(message({ ...tiny, positionalEmbeddingType: "sinusoidal" })).toBe(
      'HookedTransformer: positionalEmbeddingType must be one of standard, rotary, shortformer, alibi, got "sinusoidal"',
    );
    expect(message({ ...tiny, normalizationType: "BN" })).toBe(
      'HookedTransformer: normalizationType must be one of LN, LNPre, RMS, RMSPre, got "BN"',
    );
    expect(message({ ...tiny, dVocab: undefined })).toBe("HookedTransformer: dVocab is required");
    expect(message({ ...tiny, nCtx: 0 })).toBe("HookedTransformer: nCtx must be at least 1, got 0");
    expect(message({ ...tiny, eps: "x" })).toBe(
      'HookedTransformer: eps must be a finite number, got "x"',
    );
    expect(message({ ...tiny, nCtx: 2.5 })).toBe(
      "HookedTransformer: nCtx must be a whole number, got 2.5",
    );
    expect(message({ ...tiny, positionalEmbeddingType: "rotary", rotaryDim: 3 })).toBe(
      "HookedTransformer: rotaryDim must be even and at most dHead (4), got 3",
    );
    expect(message({ ...tiny, attnOnly: true, useHookMlpIn: true })).toBe(
      "HookedTransformer: attnOnly leaves out the MLPs, so useHookMlpIn and gatedMlp must be false",
    );
    expect(message({ ...tiny, gatedMlp: true, actFn: "solu_ln" })).toBe(
      'HookedTransformer: gatedMlp cannot be used with actFn "solu_ln"; use "solu"',
    );
    expect(message({ ...tiny, tieWordEmbeddings: true, dVocabOut: 6 })).toBe(
      "HookedTransformer: tieWordEmbeddings needs dVocabOut to be dVocab (7), got 6",
    );
  });
});
