import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seal, unseal } from "./sealed-json.ts";

describe("sealed JSON", () => {
  const record = fc.dictionary(fc.string({ minLength: 1 }), fc.jsonValue(), { minKeys: 1 });

  it("is JSON with one field more, and opens to the text that was sealed", () => {
    fc.assert(
      fc.property(record, fc.constantFrom(undefined, 2), (value, indent) => {
        const json = JSON.stringify(value, null, indent);
        const { checksum, ...rest } = JSON.parse(seal(json));
        expect(checksum).toMatch(/^[0-9a-f]{8}$/);
        expect(rest).toEqual(JSON.parse(json));
        expect(unseal(`${seal(json)}\n`)).toBe(json);
      }),
    );
  });

  it("does not open when any bit of it was changed", () => {
    const value = { step: 4, trainLoss: 0.25, x: "é" };
    const texts = [JSON.stringify(value), JSON.stringify(value, null, 2)].map(seal);
    const all = texts.map((text) => Buffer.from(`${text}\n`));
    for (const bytes of all) expectClosed(bytes);
  });

  function expectClosed(bytes: Buffer): void {
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(unseal(new TextDecoder().decode(changed))).toBeUndefined();
    }
  }
});
