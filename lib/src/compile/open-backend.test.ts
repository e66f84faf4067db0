import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { MissingError } from "../core/errors.ts";
import type { Backend, BackendName } from "./backend.ts";
import { nativeBackend } from "./backends/native/index.ts";
import { openBackend } from "./open-backend.ts";

/** Opens stand-ins, except for the devices that are missing. */
function opener(...missing: readonly BackendName[]): (name: BackendName) => Promise<Backend> {
  return async (name) => {
    if (missing.includes(name)) throw new MissingError(`${name}: is missing`);
    return { name } as Backend;
  };
}

describe("openBackend without a name", () => {
  it("takes native without a word where it works", async () => {
    const said: string[] = [];
    const options = { open: opener(), say: (line: string) => said.push(line) };
    expect([(await openBackend(undefined, options)).name, said]).toEqual(["native", []]);
  });

  it.each<[BackendName[], BackendName, string]>([
    [["native"], "web", "using web, because native: is missing"],
    [["native", "web"], "jax", "using jax, because native: is missing | web: is missing"],
  ])("without %j takes %s and says so in one line", async (missing, taken, line) => {
    const said: string[] = [];
    const options = { open: opener(...missing), say: (text: string) => said.push(text) };
    expect([(await openBackend(undefined, options)).name, said]).toEqual([taken, [line]]);
  });

  it("speaks with console.warn where nothing else is given", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    await openBackend(undefined, { open: opener("native") });
    expect(warn.mock.calls).toEqual([["using web, because native: is missing"]]);
    warn.mockRestore();
  });

  it("says all reasons where nothing works", async () => {
    const none = openBackend(undefined, { open: opener("native", "web", "jax") });
    await expect(none).rejects.toThrow(
      "no device works here: native: is missing | web: is missing | jax: is missing",
    );
  });

  it("does not take a fault for a missing back end", async () => {
    const open = () => Promise.reject(new TypeError("x is undefined"));
    await expect(openBackend(undefined, { open })).rejects.toThrow(TypeError);
  });
});

describe("openBackend with a name", () => {
  it.each<[BackendName[], string]>([
    [["native"], "native: is missing; or choose web or jax, which work here"],
    [["native", "web"], "native: is missing; or choose jax, which works here"],
    [["native", "web", "jax"], "native: is missing; no other device works here"],
  ])("without %j names what works here", async (missing, message) => {
    const named = openBackend("native", { open: opener(...missing) });
    await expect(named).rejects.toThrow(new MissingError(message));
  });

  it("opens this library's own", async () => {
    expect((await openBackend("jax")).name).toBe("jax");
  });
});

describe("a package that is there but cannot be loaded", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "tinylens-broken-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** A package `onnxruntime-node` whose entry file holds `source`. */
  const broken = (name: string, source: string) => {
    const at = join(folder, name, "node_modules/onnxruntime-node");
    mkdirSync(at, { recursive: true });
    writeFileSync(join(at, "index.cjs"), source);
    writeFileSync(join(at, "binding.node"), "not a binary");
    return () => import(pathToFileURL(join(at, "index.cjs")).href);
  };

  it("because its binary is of another system", async () => {
    const load = broken("binary", 'require("./binding.node");');
    await expect(nativeBackend(load)).rejects.toThrow(
      /^native: onnxruntime-node cannot be loaded \(.*binding\.node: .*\)$/,
    );
  });

  it("because its binary was not downloaded", async () => {
    const load = broken("absent", 'require("./elsewhere.node");');
    await expect(nativeBackend(load)).rejects.toThrow(
      /^native: onnxruntime-node cannot be loaded \(Cannot find module '\.\/elsewhere\.node'\)$/,
    );
  });

  it("falls back like one that is not installed", async () => {
    const load = broken("again", 'require("./binding.node");');
    const open = async (name: BackendName) =>
      name === "native" ? nativeBackend(load) : ({ name } as Backend);
    const said: string[] = [];
    const { name } = await openBackend(undefined, { open, say: (line) => said.push(line) });
    expect(name).toBe("web");
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/^using web, because native: onnxruntime-node cannot be loaded/);
  });
});
