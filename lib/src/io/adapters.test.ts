import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { InputError } from "../core/errors.ts";
import { type NdArray, nd } from "../core/nd.ts";
import {
  fromProgressMeasures,
  fromRepTheory,
  fromTransformerLens,
  type NamedArrays,
  readPt,
  stateDictOf,
  weightsOf,
} from "./index.ts";

const golden = JSON.parse(readFileSync(new URL("./io.golden.json", import.meta.url), "utf8")) as {
  readonly progressMeasures: {
    readonly file: string;
    readonly tokens: number[][];
    readonly logits: { readonly $array: [string, number[], number[]] };
  };
};
const published = readPt(
  new Uint8Array(gunzipSync(Buffer.from(golden.progressMeasures.file, "base64"))),
);

const sum = (n: number, term: (i: number) => number) =>
  Array.from({ length: n }, (_, i) => term(i)).reduce((total, x) => total + x, 0);

const at = ({ shape, data }: NdArray, ...index: number[]) =>
  data[index.reduce((flat, i, axis) => flat * shape[axis]! + i, 0)]!;

/** Logits "pos d_vocab_out" of one layer without normalization, with TransformerLens's formulas. */
function logits(w: NamedArrays, tokens: readonly number[]): number[][] {
  const get = (name: string) => w[name]!;
  const [head, dModel, dHead] = get("blocks.0.attn.W_Q").shape as [number, number, number];
  const dMlp = get("blocks.0.mlp.b_in").shape[0]!;
  const dOut = get("unembed.b_U").shape[0]!;
  const resid = tokens.map((token, pos) =>
    Array.from(
      { length: dModel },
      (_, d) => at(get("embed.W_E"), token, d) + at(get("pos_embed.W_pos"), pos, d),
    ),
  );
  const project = (c: string, pos: number, h: number) =>
    Array.from(
      { length: dHead },
      (_, e) =>
        at(get(`blocks.0.attn.b_${c}`), h, e) +
        sum(dModel, (d) => resid[pos]![d]! * at(get(`blocks.0.attn.W_${c}`), h, d, e)),
    );
  return tokens.map((_, dest) => {
    const mid = resid[dest]!.map((x, d) => x + at(get("blocks.0.attn.b_O"), d));
    for (let h = 0; h < head; h++) {
      const q = project("Q", dest, h);
      const scores = Array.from({ length: dest + 1 }, (_, src) => {
        const k = project("K", src, h);
        return Math.exp(sum(dHead, (e) => q[e]! * k[e]!) / Math.sqrt(dHead));
      });
      const total = sum(scores.length, (src) => scores[src]!);
      for (let src = 0; src <= dest; src++) {
        const v = project("V", src, h);
        for (let d = 0; d < dModel; d++) {
          mid[d]! +=
            (scores[src]! / total) *
            sum(dHead, (e) => v[e]! * at(get("blocks.0.attn.W_O"), h, e, d));
        }
      }
    }
    const post = Array.from({ length: dMlp }, (_, m) =>
      Math.max(
        0,
        at(get("blocks.0.mlp.b_in"), m) +
          sum(dModel, (d) => mid[d]! * at(get("blocks.0.mlp.W_in"), d, m)),
      ),
    );
    const out = mid.map(
      (x, d) =>
        x +
        at(get("blocks.0.mlp.b_out"), d) +
        sum(dMlp, (m) => post[m]! * at(get("blocks.0.mlp.W_out"), m, d)),
    );
    return Array.from(
      { length: dOut },
      (_, u) =>
        at(get("unembed.b_U"), u) + sum(dModel, (d) => out[d]! * at(get("unembed.W_U"), d, u)),
    );
  });
}

describe("weights of progress-measures-paper", () => {
  it("give that paper's logits by TransformerLens's formulas", () => {
    const weights = weightsOf(published);
    const expected = golden.progressMeasures.logits.$array[2];
    const got = golden.progressMeasures.tokens.flatMap((tokens) => logits(weights, tokens)).flat();
    expect(got).toHaveLength(expected.length);
    for (const [i, x] of expected.entries()) {
      expect(Math.abs(got[i]! - x)).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(x)));
    }
  });

  it("have TransformerLens's names and shapes, zeros for the biases they lack, and no mask", () => {
    const weights = weightsOf(published);
    const shapes = Object.fromEntries(Object.entries(weights).map(([name, x]) => [name, x.shape]));
    expect(shapes).toEqual({
      "embed.W_E": [7, 4],
      "pos_embed.W_pos": [3, 4],
      "blocks.0.attn.W_Q": [2, 4, 3],
      "blocks.0.attn.W_K": [2, 4, 3],
      "blocks.0.attn.W_V": [2, 4, 3],
      "blocks.0.attn.W_O": [2, 3, 4],
      "blocks.0.attn.b_Q": [2, 3],
      "blocks.0.attn.b_K": [2, 3],
      "blocks.0.attn.b_V": [2, 3],
      "blocks.0.attn.b_O": [4],
      "blocks.0.mlp.W_in": [4, 5],
      "blocks.0.mlp.b_in": [5],
      "blocks.0.mlp.W_out": [5, 4],
      "blocks.0.mlp.b_out": [4],
      "unembed.W_U": [4, 6],
      "unembed.b_U": [6],
    });
    expect(weights["blocks.0.attn.b_Q"]!.data.every((x) => x === 0)).toBe(true);
  });

  it("may call their layers attn_blocks, which pass their input on twice", () => {
    const perHead = nd("float32", [1, 1, 2], [1, 2]);
    const out = nd("float32", [2, 1], [4, 8]);
    const state = {
      "embed.W_E": nd("float32", [2, 1], [1, 2]),
      "attn_blocks.0.attn.W_K": perHead,
      "attn_blocks.0.attn.W_O": out,
      "attn_blocks.1.attn.W_K": perHead,
      "attn_blocks.1.attn.W_V": perHead,
      "attn_blocks.1.attn.W_O": out,
      "unembed.W_U": nd("float32", [2, 1], [1, 2]),
    };
    const weights = fromProgressMeasures(state);
    const data = (name: string) => [...(weights[name]?.data ?? [])];
    expect(data("embed.W_E")).toEqual([1, 2]);
    expect([data("blocks.0.attn.W_K"), data("blocks.0.attn.W_O")]).toEqual([
      [1, 2],
      [2, 4],
    ]);
    expect([data("blocks.1.attn.W_K"), data("blocks.1.attn.W_V")]).toEqual([
      [2, 4],
      [2, 4],
    ]);
    expect([data("blocks.1.attn.W_O"), data("unembed.W_U")]).toEqual([
      [1, 2],
      [4, 8],
    ]);
    expect(weights["blocks.1.attn.b_K"]).toEqual(nd("float32", [1, 1], [0]));
  });
});

describe("weights of TransformerLens", () => {
  const x = nd("float32", [1], [1]);
  const state = {
    "blocks.0.attn.b_O": x,
    "blocks.0.attn.mask": nd("bool", [0, 0], []),
    "blocks.0.attn.IGNORE": nd("float32", [], [-Infinity]),
    "blocks.0.attn.rotary_sin": nd("float32", [2, 2], [0, 0, 0, 0]),
    "blocks.0.attn.rotary_cos": nd("float32", [1], [0]),
  };

  it("lose masks and buffers of any shape, and keep the rest as it is", () => {
    expect(fromTransformerLens(state)).toEqual({ "blocks.0.attn.b_O": x });
    const old = { ...state, "blocks.0.attn.mask": nd("bool", [3, 3], new Uint8Array(9)) };
    expect(fromTransformerLens(old)).toEqual({ "blocks.0.attn.b_O": x });
  });

  it("lose the keys they are told to", () => {
    expect(fromTransformerLens({ ...state, x_embed: x }, { ignore: ["x_embed"] })).toEqual({
      "blocks.0.attn.b_O": x,
    });
  });

  it("are found under the usual keys", () => {
    expect(stateDictOf({ epoch: 1, model_state_dict: state })).toEqual(state);
    expect(weightsOf({ model: state })).toEqual({ "blocks.0.attn.b_O": x });
  });

  const data = new URL("../../../../shared/data/group-models/C113_T_seed1/", import.meta.url);
  it.skipIf(!existsSync(data))(
    "of a published model all have a rule (skipped without ../shared/data)",
    () => {
      const checkpoint = readPt(new Uint8Array(readFileSync(new URL("model.pt", data))));
      const weights = weightsOf(checkpoint);
      expect(weights["blocks.0.attn.W_O"]!.shape).toEqual([4, 32, 128]);
      expect(Object.keys(weights)).toHaveLength(16);
    },
  );
});

describe("networks of rep-theory-mech-interp", () => {
  const matrix = nd("float32", [2, 3], [1, 2, 3, 4, 5, 6]);
  const other = nd("float32", [2, 3], [6, 5, 4, 3, 2, 1]);
  const named = { "embed.W_E_a": matrix, "embed.W_E_b": other };

  it("have one name for each weight, whatever their age", () => {
    expect(weightsOf({ W_x: matrix, W_y: other })).toEqual(named);
    expect(weightsOf({ W_E_a: matrix, W_E_b: other })).toEqual(named);
    expect(fromRepTheory({ W_x: matrix, W_y: other, W: matrix, W_U: other })).toEqual({
      ...named,
      "mlp.W_in": matrix,
      "unembed.W_U": other,
    });
  });

  it("keep our own names", () => {
    const own = { ...named, "mlp.b_in": nd("float32", [2], [0, 1]) };
    expect(weightsOf({ model: own })).toEqual(own);
  });

  it("are refused with a key nobody knows, or a vector for a matrix", () => {
    expect(() => weightsOf({ W_x: matrix, W_z: other })).toThrow(
      'fromRepTheory: unknown weight "W_z"; did you mean W_x, W_y, W_U?',
    );
    expect(() => weightsOf({ W_x: nd("float32", [2], [1, 2]) })).toThrow(
      'fromRepTheory: W_x "d_vocab d_embed": expected [2,?], got [2]',
    );
  });
});

describe("refused with one sentence", () => {
  const x = nd("float32", [1], [1]);
  it.each<readonly [string, () => unknown, string]>([
    [
      "an unknown key",
      () => fromTransformerLens({ "embed.W_Ex": x }),
      'fromTransformerLens: unknown weight "embed.W_Ex"; did you mean embed.W_E',
    ],
    [
      "a key of the other layout",
      () => fromProgressMeasures({ "blocks.3.ln1.w": x }),
      'fromProgressMeasures: unknown weight "blocks.3.ln1.w"; did you mean',
    ],
    [
      "a wrong number of axes",
      () => fromTransformerLens({ "embed.W_E": x }),
      'fromTransformerLens: embed.W_E "d_vocab d_model": expected [1,?], got [1]',
    ],
    [
      "heads that do not fit",
      () => fromProgressMeasures({ "blocks.0.attn.W_O": nd("float32", [1, 2], [1, 2]) }),
      "fromProgressMeasures: blocks.0.attn.W_O has 2 columns, blocks.0.attn.W_K has 0 heads of 0",
    ],
    [
      "a file without weights",
      () => stateDictOf({ losses: [1], epoch: 2 }),
      "stateDictOf: weights must be at the top or under model, model_state_dict, state_dict; the file has losses, epoch",
    ],
    [
      "a list",
      () => stateDictOf([1, 2]),
      "stateDictOf: weights must be at the top or under model, model_state_dict, state_dict; the file has a list of 2 at the top",
    ],
  ])("%s", (_, act, sentence) => {
    expect(act).toThrow(InputError);
    expect(act).toThrow(sentence);
  });
});
