import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InputError } from "../core/errors.ts";
import { bytesPerElement, type DType, type NdArray, nd, sizeOf, zerosOf } from "../core/nd.ts";
import { type NamedArrays, readSafetensors, writeSafetensors } from "./index.ts";

interface File {
  readonly name: string;
  readonly file: string;
  readonly holds: { readonly [name: string]: { $array: [DType, number[], (number | string)[]] } };
  readonly metadata: { readonly [key: string]: string };
}
const golden = JSON.parse(readFileSync(new URL("./io.golden.json", import.meta.url), "utf8")) as {
  readonly safetensors: readonly File[];
};

function unpacked(text: string): Uint8Array {
  return new Uint8Array(gunzipSync(Buffer.from(text, "base64")));
}

function held({ holds }: File): NamedArrays {
  const special: Record<string, number> = { inf: Infinity, "-inf": -Infinity, nan: NaN };
  const entries = Object.entries(holds).map(
    ([
      name,
      {
        $array: [dtype, shape, numbers],
      },
    ]) => {
      const data = numbers.map((x) => (typeof x === "string" ? special[x]! : x));
      return [name, nd(dtype, shape, data)] as const;
    },
  );
  return Object.fromEntries(entries);
}

/** A file with the header given as text. */
function withHeader(header: string, data: number): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + data);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

describe("files of the reference implementation", () => {
  it.each(golden.safetensors)("$name: every value", (file) => {
    const { arrays, metadata } = readSafetensors(unpacked(file.file));
    expect(arrays).toEqual(held(file));
    expect(metadata).toEqual(file.metadata);
  });

  it("are written byte for byte", () => {
    for (const file of golden.safetensors.filter(({ name }) => name !== "dtypes")) {
      expect(writeSafetensors(held(file), file.metadata)).toEqual(unpacked(file.file));
    }
  });
});

describe("written files", () => {
  const dtype = fc.constantFrom(...(Object.keys(bytesPerElement) as DType[]));
  const shape = fc.array(fc.nat(4), { maxLength: 3 });
  const array = fc
    .tuple(dtype, shape, fc.infiniteStream(fc.nat(2 ** 31 - 1)))
    .map(([type, size, numbers]): NdArray => {
      const data = zerosOf(type, sizeOf(size));
      for (let i = 0; i < data.length; i++) {
        const x: number = numbers.next().value!;
        data[i] = type === "bool" ? x % 2 : x;
      }
      return nd(type, size, data);
    });
  const name = fc.string({ unit: "grapheme" }).filter((text) => text !== "__metadata__");

  it("read back the same, in any order of names", () => {
    fc.assert(
      fc.property(
        fc.dictionary(name, array, { maxKeys: 6 }),
        fc.dictionary(fc.string(), fc.string(), { maxKeys: 3 }),
        (arrays, metadata) => {
          const bytes = writeSafetensors(arrays, metadata);
          const back = readSafetensors(bytes);
          expect(new Map(Object.entries(back.arrays))).toEqual(new Map(Object.entries(arrays)));
          expect(new Map(Object.entries(back.metadata))).toEqual(new Map(Object.entries(metadata)));
          const turned = Object.fromEntries(Object.entries(arrays).reverse());
          expect(writeSafetensors(turned, metadata)).toEqual(bytes);
          const start = Number(new DataView(bytes.buffer).getBigUint64(0, true));
          expect(start % 8).toBe(0);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("keep NaN, infinities, -0 and views into longer memory", () => {
    const odd = Float32Array.of(9, Number.NaN, -0, Infinity, -Infinity).subarray(1);
    const { arrays } = readSafetensors(writeSafetensors({ odd: nd("float32", [4], odd) }));
    expect([...arrays.odd!.data]).toEqual([Number.NaN, -0, Infinity, -Infinity]);
  });

  it("refuse what a file cannot hold", () => {
    const one = nd("float32", [1], [1]);
    expect(() => writeSafetensors({ __metadata__: one })).toThrow(
      new InputError("safetensors: an array cannot be named __metadata__"),
    );
    expect(() => writeSafetensors({ w: { ...one, shape: [2] } })).toThrow(
      new InputError("safetensors: w: shape [2] holds 2 numbers, got 1"),
    );
  });
});

describe("bad files are refused with one sentence", () => {
  const entry = (fields: object) =>
    JSON.stringify({ w: { dtype: "F32", shape: [2], data_offsets: [0, 8], ...fields } });
  const two = (start: number, end: number) =>
    JSON.stringify({
      a: { dtype: "U8", shape: [4], data_offsets: [0, 4] },
      b: { dtype: "U8", shape: [4], data_offsets: [start, end] },
    });
  const rows: readonly (readonly [string, number, string])[] = [
    ["[]", 0, "safetensors: the header is not a JSON object"],
    ["{", 0, "safetensors: the header is not JSON"],
    ["[".repeat(100_000), 0, "safetensors: the header is nested more than 127 deep"],
    ['{"w":3}', 0, "safetensors: w: the header entry is not an object"],
    [entry({ shape: [-2] }), 8, "safetensors: w: the shape is not a list of sizes"],
    [entry({ data_offsets: [0] }), 8, "safetensors: w: data_offsets is not a pair of offsets"],
    [
      entry({ shape: [3] }),
      8,
      "safetensors: w: F32 of shape [3] takes 12 bytes, data_offsets [0,8] hold 8",
    ],
    [entry({}), 7, "safetensors: w: data_offsets [0,8] ends beyond the 7 bytes of data"],
    [two(3, 7), 8, "safetensors: b: data_offsets [3,7] overlaps or leaves a gap"],
    [two(5, 9), 9, "safetensors: b: data_offsets [5,9] overlaps or leaves a gap"],
    [two(4, 8), 9, "safetensors: the arrays fill 8 of 9 bytes of data; the file is corrupt"],
    ['{"__metadata__":{"a":1}}', 0, "safetensors: __metadata__ is not an object of texts"],
    [
      entry({ dtype: "F31" }),
      8,
      'safetensors: w: unknown dtype "F31"; did you mean F32, F64, F16?',
    ],
    [entry({ dtype: 5 }), 8, "safetensors: w: the dtype is not a text"],
    [entry({ dtype: { toString: 1 } }), 8, "safetensors: w: the dtype is not a text"],
    ['{"w":{"shape":[],"data_offsets":[0,0]}}', 0, "safetensors: w: the header entry has no dtype"],
    [entry({}).replace("[2]", "[2.0]"), 8, "safetensors: w: the shape is not a list of sizes"],
    [entry({}).replace("[2]", "[2e0]"), 8, "safetensors: w: the shape is not a list of sizes"],
    [entry({}).replace("[0,8]", "[-0,8]"), 8, "w: data_offsets is not a pair of offsets"],
    [`\ufeff${entry({})}`, 8, "safetensors: the header is not JSON"],
    [`${entry({})}x`, 8, 'the header is not JSON: expected the end at character 54, got "x"'],
    [
      `{"w":{"dtype":"F32","shape":[${"1,".repeat(1e6)}2],"data_offsets":[0,8]}}`,
      8,
      "safetensors: w: the shape is not a list of sizes: more than 64 numbers",
    ],
    [
      entry({ shape: [2 ** 32, 2 ** 32, 0], data_offsets: [0, 0] }),
      0,
      "safetensors: w: the shape has more than 9007199254740991 elements",
    ],
    [
      `${entry({}).slice(0, -1)},${entry({}).slice(1)}`,
      8,
      "safetensors: the header names w twice; names must be unique, the file is corrupt",
    ],
    [
      `${entry({}).slice(0, -1)},"\\u0077":{}}`,
      8,
      "safetensors: the header names w twice; names must be unique, the file is corrupt",
    ],
    [entry({}).replace("{", '{"__metadata__":{},"__metadata__":{},'), 8, "__metadata__ twice"],
    [
      entry({}).replace('"shape"', '"dtype":"F32","shape"'),
      8,
      "safetensors: w: the header entry has two fields dtype",
    ],
    [
      entry({ more: JSON.parse(`${"[".repeat(200)}${"]".repeat(200)}`) }),
      8,
      "nested more than 127",
    ],
    ['{"\\ud800":{}}', 0, "the header is not JSON: the text"],
    [
      `{${Array.from({ length: 50_001 }, (_, i) => `"t${i}":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}`).join()}}`,
      0,
      "safetensors: the header names more than 50000 arrays",
    ],
  ];
  it.each(rows)("%.40s", (header, data, sentence) => {
    const act = () => readSafetensors(withHeader(header, data));
    expect(act).toThrow(InputError);
    expect(act).toThrow(sentence);
  });

  it("a header length beyond the file", () => {
    const bytes = withHeader("{}", 0);
    new DataView(bytes.buffer).setBigUint64(0, 2n ** 63n, true);
    expect(() => readSafetensors(bytes)).toThrow(
      new InputError(
        "safetensors: the header length 9223372036854776000 is beyond the file's 10 bytes; this is not a safetensors file or it is truncated",
      ),
    );
    expect(() => readSafetensors(bytes.subarray(0, 5))).toThrow(
      new InputError("safetensors: the file is truncated: 8 bytes needed at offset 0, it has 5"),
    );
  });

  it("arrays above the limit", () => {
    const bytes = withHeader('{"w":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}', 8);
    expect(() => readSafetensors(bytes, { maxBytes: 3 }).arrays.w?.data).toThrow(
      new InputError(
        "safetensors: w brings the arrays to 4 bytes, the limit for this file is 3; raise maxBytes",
      ),
    );
  });
});

describe("one odd array beside sound ones", () => {
  const beside = (dtype: string, bytes: number): Uint8Array =>
    withHeader(
      JSON.stringify({
        odd: { dtype, shape: [1], data_offsets: [0, bytes] },
        w: { dtype: "F32", shape: [2], data_offsets: [bytes, bytes + 8] },
      }),
      bytes + 8,
    );

  it.each([
    [
      "F8_E4M3",
      1,
      "8-bit floating-point numbers (F8_E4M3) are not supported; save them as F32 first",
    ],
    ["C64", 8, "complex numbers (C64) are not supported; save them as F32 first"],
  ])("%s fails when its numbers are asked for", (dtype, bytes, sentence) => {
    const { arrays } = readSafetensors(beside(dtype, bytes));
    expect(arrays.w).toEqual(nd("float32", [2], [0, 0]));
    expect(arrays.odd?.shape).toEqual([1]);
    expect(() => arrays.odd?.data).toThrow(new InputError(`safetensors: odd: ${sentence}`));
  });

  it("a 64-bit integer that does not fit 32 bits", () => {
    const bytes = beside("I64", 8);
    bytes[bytes.length - 9] = 1;
    const { arrays } = readSafetensors(bytes);
    expect(arrays.w).toEqual(nd("float32", [2], [0, 0]));
    expect(() => arrays.odd?.data).toThrow(
      new InputError(
        "safetensors: odd: the 64-bit integer 72057594037927936 does not fit in int32",
      ),
    );
  });
});

describe("what the reference implementation reads", () => {
  const w = '"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}';
  it.each([
    ["metadata of null", `{"__metadata__":null,${w}}`],
    ["space around the header", ` \n{${w}}\t `],
    ["fields it does not know", `{${w.replace("{", '{"more":[1e9,{"a":null}],')}}`],
    ["escapes in names", `{${w.replace('"w"', '"\\u0077"').replace("F32", "F3\\u0032")}}`],
  ])("%s", (_, header) => {
    const { arrays, metadata } = readSafetensors(withHeader(header, 8));
    expect(arrays).toEqual({ w: nd("float32", [2], [0, 0]) });
    expect(metadata).toEqual({});
  });
});
