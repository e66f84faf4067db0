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
    ["[".repeat(100_000), 0, "safetensors: the header is not JSON"],
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
      entry({ dtype: "F8_E4M3" }),
      8,
      'safetensors: w: unknown dtype "F8_E4M3"; did you mean F64, F32, F16?',
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

  it("a 64-bit integer that does not fit, and arrays above the limit", () => {
    const bytes = withHeader('{"w":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}', 8);
    bytes[bytes.length - 1] = 1;
    expect(() => readSafetensors(bytes)).toThrow(
      new InputError("safetensors: w: the 64-bit integer 72057594037927940 does not fit in int32"),
    );
    expect(() => readSafetensors(bytes, { maxBytes: 3 })).toThrow(
      new InputError(
        "safetensors: w brings the arrays to 4 bytes, the limit is 3; raise maxBytes to read it",
      ),
    );
  });
});
