import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InputError } from "../core/errors.ts";
import { readPt, readSafetensors } from "./index.ts";

type Files = readonly { readonly file: string }[];
const golden = JSON.parse(readFileSync(new URL("./io.golden.json", import.meta.url), "utf8")) as {
  readonly safetensors: Files;
  readonly pt: Files;
};

function unpacked(text: string): Uint8Array {
  return new Uint8Array(gunzipSync(Buffer.from(text, "base64")));
}

/** Magic number, version and system of a legacy checkpoint, and the protocol of its pickle. */
const beginning = Buffer.from(
  "80028a0a6cfc9c46f9206aa850192e80024de9032e80027d580d0000006c6974746c655f656e6469616e88732e8002",
  "hex",
);

describe("whatever the bytes", () => {
  const files = [...golden.pt, ...golden.safetensors].map(({ file }) => unpacked(file));
  const change = fc.record({
    file: fc.nat(files.length - 1),
    edits: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 }),
    cut: fc.option(fc.nat(), { freq: 3 }),
    insert: fc.option(fc.tuple(fc.nat(), fc.uint8Array({ maxLength: 9 })), { freq: 3 }),
  });

  function changed({
    file,
    edits,
    cut,
    insert,
  }: typeof change extends fc.Arbitrary<infer T> ? T : never) {
    const whole = files[file]!;
    const kept = whole.slice(0, cut === null ? whole.length : cut % (whole.length + 1));
    const at = insert === null ? 0 : insert[0] % (kept.length + 1);
    const added = insert === null ? [] : insert[1];
    const bytes = Uint8Array.from([...kept.subarray(0, at), ...added, ...kept.subarray(at)]);
    for (const [place, byte] of edits) if (bytes.length > 0) bytes[place % bytes.length] = byte;
    return bytes;
  }

  it("reading gives data or an InputError, of changed files", () => {
    let refused = 0;
    fc.assert(
      fc.property(change, (given) => {
        const bytes = changed(given);
        for (const read of [readPt, readSafetensors]) {
          try {
            read(bytes);
          } catch (error) {
            refused++;
            if (!(error instanceof InputError)) throw error;
          }
        }
      }),
      { numRuns: 3000 },
    );
    expect(refused).toBeGreaterThan(3000);
  });

  it("reading gives data or an InputError, of random pickles", () => {
    const opcodes = [
      ..."().0123FGIJKLMNRSTUVX]abcdefghijklopqrstuvQ}\x80\x81\x85\x86\x87\x88\x89\x8a\x8c\x8f\x90\x91\x92\x93\x94\x95\x96",
    ];
    const byte = fc.oneof(fc.constantFrom(...opcodes.map((x) => x.charCodeAt(0))), fc.nat(255));
    const names = [
      "ccollections\nOrderedDict\n",
      "cbuiltins\nset\n",
      "cnumpy\ndtype\n",
      "ctorch\nSize\n",
    ];
    const name = fc.constantFrom(...names).map((text) => [...Buffer.from(text)]);
    const pickle = fc.array(
      fc.oneof({ weight: 9, arbitrary: byte.map((x) => [x]) }, { weight: 1, arbitrary: name }),
      { maxLength: 60 },
    );
    let built = 0;
    fc.assert(
      fc.property(pickle, (parts) => {
        const bytes = Uint8Array.from([...beginning, ...parts.flat(), 0x2e, 0x80, 2, 0x5d, 0x2e]);
        try {
          readPt(bytes);
          built++;
        } catch (error) {
          if (!(error instanceof InputError)) throw error;
        }
      }),
      { numRuns: 10000 },
    );
    expect(built).toBeGreaterThan(0);
  });
});
