import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { md5 } from "./md5.ts";
import golden from "./numpy.golden.json" with { type: "json" };
import { NumpyGenerator } from "./numpy.ts";
import { reseed } from "./reseed.ts";

describe.each(golden.cases)("NumpyGenerator, seed $seed", ({ seed, raw, permutations }) => {
  it("draws NumPy's 64-bit numbers", () => {
    const generator = new NumpyGenerator(BigInt(seed));
    expect(raw.map(() => generator.random64().toString())).toEqual(raw);
  });

  it("shuffles as NumPy's Generator does, one after the other", () => {
    const generator = new NumpyGenerator(BigInt(seed));
    for (const { size, head, sha } of permutations) {
      const order = generator.randperm(size);
      const digest = createHash("sha256").update(new Uint8Array(order.buffer)).digest("hex");
      expect([[...order.slice(0, 5)], digest.slice(0, 16)]).toEqual([head, sha]);
    }
  });
});

describe("NumpyGenerator", () => {
  it("gives each half of a draw once, the lower one first", () => {
    const halves = new NumpyGenerator(7);
    const whole = new NumpyGenerator(7).random64();
    expect(halves.random32()).toBe(Number(whole & 0xffffffffn));
    expect(halves.random32()).toBe(Number(whole >> 32n));
  });

  it("takes a number or a bigint", () => {
    expect([...new NumpyGenerator(123).randperm(9)]).toEqual([
      ...new NumpyGenerator(123n).randperm(9),
    ]);
  });

  it("refuses seeds and counts that NumPy refuses", () => {
    expect(() => new NumpyGenerator(-1)).toThrow(
      "NumpyGenerator: the seed must be an integer of at least 0, got -1",
    );
    expect(() => new NumpyGenerator(0.5)).toThrow("got 0.5");
    expect(() => new NumpyGenerator(1).randperm(1.5)).toThrow(
      "randperm: the count must be an integer in [0, 2^31), got 1.5",
    );
  });
});

describe("md5", () => {
  const hex = (text: string) => Buffer.from(md5(new TextEncoder().encode(text))).toString("hex");

  it.each([
    ["", "d41d8cd98f00b204e9800998ecf8427e"],
    ["a", "0cc175b9c0f1b6a831c399e269772661"],
    ["abc", "900150983cd24fb0d6963f7d28e17f72"],
    ["message digest", "f96b697d7cb7938d525a2f31aaf161d0"],
    ["abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"],
    [
      "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
      "57edf4a22be3c955ac49da2e2107b67a",
    ],
  ])("of %j is the one of RFC 1321", (text, expected) => {
    expect(hex(text)).toBe(expected);
  });

  it("equals OpenSSL's for every length around the size of a block", () => {
    for (let length = 50; length < 140; length++) {
      const text = "tinylens".repeat(20).slice(0, length);
      expect(hex(text)).toBe(createHash("md5").update(text).digest("hex"));
    }
  });
});

describe("reseed", () => {
  it.each([
    [123, "model", 613947648],
    [123, "dataset_seed", 1914904320],
    [1914904320, "train", 3402695680],
    [1914904320, "test", 3741094656],
    [50, "model", 736526336],
    [50, "dataset_seed", 1372813824],
  ])("of %i and %s is the published seed", (seed, label, expected) => {
    expect(reseed(seed, label)).toBe(expected);
  });

  it("refuses what is no integer", () => {
    expect(() => reseed(0.5, "model")).toThrow("reseed: the seed must be an integer, got 0.5");
  });
});
