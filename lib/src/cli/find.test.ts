import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { findDevice, publishedReader, threadsFlag } from "./find.ts";

const root = mkdtempSync(join(tmpdir(), "tinylens-find-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe("publishedReader", () => {
  const read = publishedReader({ TINYLENS_DATA: root });

  it("reads from the folder in TINYLENS_DATA, and has nothing for what is not there", async () => {
    mkdirSync(join(root, "models"));
    writeFileSync(join(root, "models/a.pt"), Uint8Array.of(1, 2));
    expect([...((await read("models/a.pt")) ?? [])]).toEqual([1, 2]);
    expect(await read("models/b.pt")).toBeUndefined();
  });

  it.each(["../secret", "/etc/passwd", "models/../../x"])(
    "stays in its folder: %s",
    async (name) => {
      await expect(read(name)).rejects.toThrow(
        `published: must be a name inside the data folder, got ${name}`,
      );
    },
  );
});

describe("flags", () => {
  it("name devices and counts", () => {
    expect(findDevice("web")).toBe("web");
    expect(threadsFlag("4")).toBe(4);
    expect(threadsFlag(undefined)).toBeUndefined();
    for (const text of ["0", "1.5", "x", "", "257", "1e9"]) {
      expect(() => threadsFlag(text)).toThrow(
        `--threads: must be a whole number from 1 to 256, got ${text}`,
      );
    }
  });
});
