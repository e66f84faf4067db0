import { describe, expect, it } from "vitest";
import { canonicalJson, folderTitle, runName } from "./canonical.ts";

describe("names of runs", () => {
  it("do not depend on the order of the parameters", () => {
    expect(runName("s", { a: 1, b: { c: 2, d: 3 } })).toBe(
      runName("s", { b: { d: 3, c: 2 }, a: 1 }),
    );
    expect(canonicalJson({ b: [{ d: 1, c: 2 }], a: null })).toBe('{"a":null,"b":[{"c":2,"d":1}]}');
  });

  it("depend on the study and on every value", () => {
    const names = [runName("s", { a: 1 }), runName("s", { a: 2 }), runName("t", { a: 1 })];
    expect(new Set(names.map((name) => name.slice(2))).size).toBe(3);
    expect(names[0]).toMatch(/^s-[0-9a-f]{8}$/);
  });

  it("stand in sentences with what they are names of", () => {
    expect(folderTitle("/a/runs/s-01234567")).toBe("run s-01234567");
    expect(folderTitle("/a/runs/trainings/0123-45")).toBe("training 0123-45");
  });
});
