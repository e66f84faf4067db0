import { readFileSync } from "node:fs";
import { inspect } from "node:util";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { InputError } from "../core/errors.ts";
import { type DType, nd } from "../core/nd.ts";
import { looksLikePt, type PtValue, readPt } from "./index.ts";

interface Golden {
  readonly weight: unknown;
  readonly read: readonly { readonly name: string; readonly file: string; readonly aux: unknown }[];
  readonly refused: { readonly [name: string]: string };
  readonly torchscript: string;
  readonly "big-endian, untyped": string;
}

const golden = JSON.parse(
  readFileSync(new URL("./odd-pt.golden.json", import.meta.url), "utf8"),
) as Golden;

function unpacked(text: string): Uint8Array {
  return new Uint8Array(gunzipSync(Buffer.from(text, "base64")));
}

/** Expected values with their arrays as `NdArray`. */
function revived(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revived);
  if (typeof value !== "object" || value === null) return value;
  if ("$array" in value) {
    const [dtype, shape, numbers] = value.$array as [DType, number[], (number | string)[]];
    const special: Record<string, number> = { inf: Infinity, "-inf": -Infinity, nan: NaN };
    return nd(
      dtype,
      shape,
      numbers.map((x) => (typeof x === "string" ? special[x]! : x)),
    );
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, revived(item)]));
}

type File = { readonly w: PtValue; readonly aux: PtValue };
const read = (file: string): File => readPt(unpacked(file)) as File;
const weight = revived(golden.weight);

describe("odd values that PyTorch writes", () => {
  it.each(golden.read)("$name", ({ file, aux }) => {
    expect(looksLikePt(unpacked(file))).toBe(true);
    const value = read(file);
    expect(value.w).toEqual(weight);
    expect(value.aux).toEqual(revived(aux));
  });
});

/** What each refused value says; `aux` begins all of these. */
const reasons: Readonly<Record<string, string>> = {
  class:
    "asks for __main__.Color, which is code and is never run; save model.state_dict() or plain values instead",
  "data class":
    "asks for __main__.Config, which is code and is never run; save model.state_dict() or plain values instead",
  subclass:
    "asks for __main__.Sub, which is code and is never run; save model.state_dict() or plain values instead",
  module:
    "asks for torch.nn.modules.linear.Linear, which is code and is never run; save model.state_dict() or plain values instead",
  complex:
    "holds complex numbers (complex64), which are not read; save its real and imaginary parts",
  conjugate:
    "holds complex numbers (complex64), which are not read; save its real and imaginary parts",
  "conjugate of reals": "is lazily conjugated, which is not read; save x.resolve_conj()",
  "unknown metadata": 'has metadata "scale", which are not known; neg and conj are',
  "unknown argument":
    "is made by _rebuild_tensor_v2 with 8 arguments, 6 to 7 are known; it may be of a later PyTorch",
  "unknown argument of a parameter":
    "is made by _rebuild_parameter with 4 arguments, 3 are known; it may be of a later PyTorch",
  "negated bool": "is a lazily negated tensor of BOOL, which PyTorch cannot negate either",
  float8: "holds float8_e5m2 numbers, which are not read; save x.float()",
  sparse: "is a sparse tensor, which is not read; save x.to_dense()",
  "sparse rows": "is a sparse tensor, which is not read; save x.to_dense()",
  quantized: "is a quantized tensor, which is not read; save x.dequantize()",
  "quantized channels": "is a quantized tensor, which is not read; save x.dequantize()",
  meta: "has no values (device meta, or a subclass without memory)",
  nested: "is a nested tensor, which is not read; save x.unbind()",
  jagged: "is a nested tensor, which is not read; save x.unbind()",
  wide: ": the 64-bit integer 9007199254740993 does not fit in int32",
  "wide, unsigned": ": the 64-bit integer 18446744073709551615 does not fit in uint32",
  "Python complex": "is Python's complex, which is not read; save it as text or a number",
  slice: "is Python's slice, which is not read; save it as text or a number",
  range: "is Python's range, which is not read; save it as text or a number",
  ellipsis: "is Python's Ellipsis, which is not read; save it as text or a number",
  date: "is a datetime.datetime, which is not read; save it as text or a number",
  "NumPy matrix":
    "asks for numpy.matrix, which is code and is never run; save model.state_dict() or plain values instead",
};

const numpyTypes: Readonly<Record<string, string>> = {
  "NumPy text": "U1",
  "NumPy text scalar": "U1",
  "NumPy objects": "O8",
  "NumPy structure": "V4",
  "NumPy date": "M8",
};

describe("a value that cannot be given leaves the weights beside it alone", () => {
  const rows = [
    ...Object.entries(reasons),
    ...Object.entries(numpyTypes).map(([name, code]): [string, string] => [
      name,
      `has NumPy's type "${code}", which is not read; f8 f4 f2 i8 i4 i2 i1 u8 u4 u2 u1 b1 are`,
    ]),
  ];
  it.each(rows)("%s", (name, reason) => {
    const value = read(golden.refused[name]!);
    expect(value.w).toEqual(weight);
    const message = reason.startsWith(":") ? `pt: aux${reason}` : `pt: aux ${reason}`;
    expect(() => value.aux).toThrow(new InputError(message));
    expect(() => value.aux, "asked again").toThrow(InputError);
  });

  it("keys that are no text, and keys of the same text", () => {
    const { aux } = read(golden.refused.key!) as { readonly aux: Record<string, PtValue> };
    expect(Object.keys(aux)).toEqual(["(key 0)"]);
    expect(() => aux["(key 0)"]).toThrow("pt: aux.(key 0) has a key that is not text");
    const same = read(golden.refused.keys!) as { readonly aux: Record<string, PtValue> };
    expect(() => same.aux["1"]).toThrow("pt: aux.1 is the text of two different keys");
  });

  it("a view that is far larger than its file", () => {
    const value = read(golden.refused.expanded!);
    expect(value.w).toEqual(weight);
    expect(() => value.aux).toThrow(
      /^pt: aux brings the arrays to 100000024 bytes, the limit for this file is \d+; save it contiguous and uncompressed$/,
    );
    expect(read(golden.refused.expanded!).w, "what is refused is not counted").toEqual(weight);
  });

  it("every kind is tried", () => {
    const tried = [...Object.keys(reasons), ...Object.keys(numpyTypes), "key", "keys", "expanded"];
    expect(tried.sort()).toEqual(Object.keys(golden.refused).sort());
  });
});

describe("whole files that are refused", () => {
  it("TorchScript", () => {
    expect(() => readPt(unpacked(golden.torchscript))).toThrow(
      new InputError(
        "pt: the file is a TorchScript archive, which is code; save model.state_dict() instead",
      ),
    );
  });

  it("untyped values of a big-endian machine, alone", () => {
    const value = read(golden["big-endian, untyped"]);
    expect(value.w).toEqual(weight);
    expect(() => value.aux).toThrow(
      "pt: aux is of a big-endian machine and untyped; save it on a little-endian one",
    );
  });
});

describe("console.log", () => {
  it("shows what arrays look like before they are decoded, and refused values as such", () => {
    const value = read(golden.refused.sparse!);
    expect(inspect(value)).toBe("{ w: float32 [2,3], aux: <cannot be read> }");
    expect(value.w).toEqual(weight);
    expect(inspect(value)).toContain("data: Float32Array(6)");
  });
});
