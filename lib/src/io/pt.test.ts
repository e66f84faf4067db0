import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { InputError } from "../core/errors.ts";
import { type DType, type NdArray, nd } from "../core/nd.ts";
import { isNdArray, type PtValue, readPt } from "./index.ts";
import { zipped } from "./zip-writer.ts";

interface Golden {
  readonly pt: readonly { name: string; file: string; holds: unknown }[];
  readonly published: readonly { file: string; tensors: number; sum: number }[];
  readonly refused: { readonly [name: string]: string };
}

const golden = JSON.parse(
  readFileSync(new URL("./io.golden.json", import.meta.url), "utf8"),
) as Golden;

function unpacked(text: string): Uint8Array {
  return new Uint8Array(gunzipSync(Buffer.from(text, "base64")));
}

/** Expected values with their arrays as `NdArray`. */
function revived(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revived);
  if (typeof value !== "object" || value === null) return value === "inf" ? Infinity : value;
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

/** The same value after each of its arrays was asked for. */
function asked(value: PtValue): PtValue {
  if (typeof value === "object" && value !== null && !isNdArray(value)) {
    for (const key of Object.keys(value)) asked(Reflect.get(value, key));
  }
  return value;
}

function fileNamed(name: string): Uint8Array {
  return unpacked(golden.pt.find((entry) => entry.name === name)!.file);
}

describe("files of real PyTorch", () => {
  it.each(golden.pt)("$name: every value", ({ file, holds }) => {
    expect(readPt(unpacked(file))).toEqual(revived(holds));
  });

  it("keeps a key called __proto__ as data", () => {
    const checkpoint = readPt(fileNamed("checkpoint, zip")) as { readonly [key: string]: PtValue };
    expect(Object.getOwnPropertyDescriptor(checkpoint, "__proto__")?.value).toBe(3);
    expect(Object.getPrototypeOf(checkpoint)).toBe(Object.prototype);
  });

  it("copies: arrays that were asked for do not change with the file's bytes", () => {
    const bytes = fileNamed("views, zip");
    const before = structuredClone(readPt(bytes));
    const value = asked(readPt(bytes));
    bytes.fill(0);
    expect(value).toEqual(before);
  });
});

describe("refused with one sentence", () => {
  const sentences: Readonly<Record<string, string>> = {
    code: "pt: model asks for posix.system, which is code and is never run; save model.state_dict() or plain values instead",
    "code, legacy":
      "pt: the file asks for posix.system, which is code and is never run; save model.state_dict() or plain values instead",
    module:
      "pt: the file asks for torch.nn.modules.linear.Linear, which is code and is never run; save model.state_dict() or plain values instead",
    wide: "pt: seed: the 64-bit integer 1099511627776 does not fit in int32",
    complex:
      "pt: the file holds complex numbers (complex64), which are not read; save its real and imaginary parts",
    objects:
      'pt: a has NumPy\'s type "O8", which is not read; f8 f4 f2 i8 i4 i2 i1 u8 u4 u2 u1 b1 are',
    loop: "pt: [0] contains itself",
  };
  it.each(Object.entries(sentences))("%s", (name, sentence) => {
    expect(() => asked(readPt(unpacked(golden.refused[name]!)))).toThrow(new InputError(sentence));
  });

  it("a small file that asks for much memory, unless it may", () => {
    const bytes = unpacked(golden.refused.expanded!);
    const limit = 64 * 2 ** 20 + 32 * bytes.length;
    expect(() => asked(readPt(bytes))).toThrow(
      new InputError(
        `pt: huge brings the arrays to ${2 ** 35} bytes, the limit for this file is ${limit}; save it contiguous and uncompressed`,
      ),
    );
    const small = fileNamed("list of tensors");
    expect(() => asked(readPt(small, { maxBytes: 7 }))).toThrow(
      "the limit for this file is 7; raise maxBytes",
    );
    expect(asked(readPt(small, { maxBytes: 1000 }))).toHaveLength(1);
  });

  it("what is not a checkpoint", () => {
    const sentence = "pt: the file is not a PyTorch checkpoint; expected what torch.save writes";
    for (const bytes of [new Uint8Array(0), new Uint8Array(1000), new TextEncoder().encode("{}")]) {
      expect(() => readPt(bytes)).toThrow(new InputError(sentence));
    }
    const tar = new Uint8Array(512);
    tar.set(new TextEncoder().encode("ustar"), 257);
    expect(() => readPt(tar)).toThrow(
      new InputError("pt: the file is from PyTorch before 0.1.10; load and save it again there"),
    );
  });

  it.each(["checkpoint, zip", "checkpoint, legacy", "checkpoint, deflated"])(
    "%s cut short anywhere",
    (name) => {
      const bytes = fileNamed(name);
      for (let length = 4; length < bytes.length; length += 97) {
        expect(() => readPt(bytes.subarray(0, length)), `${length}`).toThrow(InputError);
      }
    },
  );

  it("a zip archive with a changed byte in a tensor", () => {
    const bytes = fileNamed("list of tensors");
    const one = bytes.findLastIndex((x, i) => x === 0x3f && bytes[i - 1] === 0x80);
    bytes[one] = 0x40;
    const value = readPt(bytes);
    expect(() => asked(value)).toThrow(
      /^pt: archive\/data\/0 fails its checksum; the file is corrupt$/,
    );
  });
});

/** A pickle as a legacy checkpoint: magic number, version, system, the pickle, no storages. */
function legacy(pickle: readonly (string | number)[]): Uint8Array {
  const bytes = (...parts: readonly (string | number)[]): number[] =>
    parts.flatMap((part) => (typeof part === "string" ? [...Buffer.from(part, "latin1")] : [part]));
  const magic = [...Buffer.from("80028a0a6cfc9c46f9206aa850192e", "hex")];
  const version = bytes(0x80, 2, "M", 0xe9, 3, ".");
  const system = bytes(0x80, 2, "}X", 13, 0, 0, 0, "little_endian", 0x88, "s.");
  const root = bytes(0x80, 2, ...pickle, ".");
  return Uint8Array.from([...magic, ...version, ...system, ...root, ...bytes(0x80, 2, "].")]);
}

describe("hand-made pickles", () => {
  it("read the text opcodes of protocol 0", () => {
    const list = "(I5\nI01\nL12L\nF1.5\nFinf\nS'a\\x41\\n'\nVgr\\u00f6\nI-7\nNl";
    expect(readPt(legacy([list]))).toEqual([5, true, 12, 1.5, Infinity, "aA\n", "grö", -7, null]);
    expect(readPt(legacy(["(S'k'\np0\ng0\nd"]))).toEqual({ k: "k" });
  });

  it("keep integers beyond 2^53 exactly", () => {
    expect(readPt(legacy(["I9007199254740993\n"]))).toBe(9007199254740993n);
    expect(readPt(legacy([0x8a, 9, ...Array(8).fill(0), 0xff]))).toBe(-(2n ** 64n));
  });

  const rows: readonly (readonly [string, readonly (string | number)[], string])[] = [
    ["pops too much", ["0"], "pt: the pickle is corrupt: it takes from an empty stack"],
    ["has no mark", ["t"], "pt: the pickle is corrupt: it has no mark"],
    ["forgets", ["h", 3], "pt: the pickle is corrupt: nothing was stored as 3"],
    [
      "calls a number",
      ["K", 1, ")R"],
      "pt: the pickle is corrupt: it calls what is not a function",
    ],
    [
      "has an unknown opcode",
      ["?"],
      "pt: opcode 0x3f at byte 47 is not supported, or the file is corrupt",
    ],
    ["is too new", [0x80, 9], "pt: pickle protocol 9 is not supported; the latest known is 5"],
    ["has a list as a key", ["}]Ns"], "pt: (key 0) has a key that is not text"],
    [
      "has keys that read the same",
      ["}K", 1, "NsU", 1, "1Ns"],
      "pt: 1 is the text of two different keys",
    ],
    [
      "names no function",
      ["c__main__\nf\nK", 1, "R"],
      "pt: the pickle is corrupt: the arguments of a call are not a tuple",
    ],
  ];
  it.each(rows)("are refused when one %s", (_, pickle, sentence) => {
    expect(() => asked(readPt(legacy(pickle)))).toThrow(new InputError(sentence));
  });

  it("are refused when nested too deep", () => {
    const deep = "]".repeat(5000) + "a".repeat(4999);
    expect(() => asked(readPt(legacy([deep])))).toThrow(/^pt: .* is nested more than 200 deep$/);
  });

  it("are refused when they copy the same text again and again", () => {
    const size = 200_000;
    const text = ["X", size & 255, (size >> 8) & 255, size >> 16, 0, "a".repeat(size), "q", 0, "0"];
    const encode = ["c_codecs\nencode\nq", 1, "0U", 6, "latin1q", 2, "0"];
    const again = "h\x01h\x00h\x02\x86R0".repeat(2000);
    const start = performance.now();
    expect(() => readPt(legacy([...text, ...encode, again, "N"]))).toThrow(
      /^pt: the pickle builds more than \d+ bytes of objects/,
    );
    expect(performance.now() - start).toBeLessThan(5000);
  });
});

describe("zip archives", () => {
  it("without a pickle are said to be unfinished where torch.save began them", () => {
    const begun = zipped([
      ["m/version", new Uint8Array(2)],
      ["m/.data/serialization_id", new Uint8Array(40)],
    ]);
    expect(() => readPt(begun)).toThrow(
      "pt: the archive has no data.pkl: torch.save failed while it wrote the file; save it again",
    );
    const other = zipped([["a.txt", new Uint8Array(1)]]);
    expect(() => readPt(other)).toThrow(
      "pt: the archive has no data.pkl; it is not a PyTorch checkpoint",
    );
  });

  it("are refused when entries share their bytes", () => {
    const bytes = fileNamed("list of tensors");
    const view = new DataView(bytes.buffer);
    let entry = bytes.length - 4;
    while (view.getUint32(entry, true) !== 0x02014b50) entry--;
    view.setUint32(entry + 20, bytes.length, true);
    expect(() => readPt(bytes)).toThrow(/^pt: the entries of the archive take .*; they overlap$/);
  });
});

function arraysIn(value: PtValue): NdArray[] {
  if (isNdArray(value)) return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(arraysIn);
}

function absoluteSum(numbers: Iterable<number>): number {
  let sum = 0;
  for (const x of numbers) if (Number.isFinite(x)) sum += Math.abs(x);
  return sum;
}

describe("published checkpoints", () => {
  const data = new URL("../../../../shared/data/", import.meta.url);
  it.skipIf(!existsSync(data))(
    "hold the numbers PyTorch reads (skipped without ../shared/data)",
    () => {
      expect(golden.published.length).toBeGreaterThan(0);
      for (const { file, tensors, sum } of golden.published) {
        const found = arraysIn(readPt(new Uint8Array(readFileSync(new URL(file, data)))));
        expect(found.length, file).toBe(tensors);
        const total = found.reduce((outer, { data: numbers }) => outer + absoluteSum(numbers), 0);
        expect(Math.abs(total - sum), file).toBeLessThanOrEqual(1e-9 * sum);
      }
    },
  );

  it.skipIf(!existsSync(data))("hold what they report (skipped without ../shared/data)", () => {
    const file = new URL("progress-measures/wd_10-1_mod_addition_loss_curve.pth", data);
    const run = readPt(new Uint8Array(readFileSync(file))) as {
      readonly config: PtValue;
      readonly train_losses: readonly number[];
      readonly train_loss: NdArray;
    };
    expect(run.config).toMatchObject({ p: 113, d_model: 128, fn_name: "add", frac_train: 0.3 });
    expect(run.train_losses).toHaveLength(107791);
    expect(run.train_losses[0]).toBe(4.776912162847635);
    expect(run.train_loss.data[0]).toBe(run.train_losses.at(-1));
  });
});
