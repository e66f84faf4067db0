import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type BackendName, openOne } from "../compile/index.ts";
import { MissingError } from "../core/errors.ts";
import { trainingOf } from "../runs/testing/small-run.ts";
import type { Context } from "./context.ts";
import { tinylens } from "./testing/terminal.ts";

const root = mkdtempSync(join(tmpdir(), "tinylens-device-"));
let next = 0;
const fresh = (): string => mkdtempSync(join(root, `${next++}-`));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const quick = ["--set", "steps=8", "--set", "shuffled=false"];
const small = ["run", "small-addition"];

/** A machine on which these devices are not installed. */
const without = (...names: readonly BackendName[]): Partial<Context> => ({
  backend: async (name) => {
    if (!names.includes(name)) return openOne(name);
    const why = "onnxruntime-node is not installed; run npm install onnxruntime-node";
    throw new MissingError(`${name}: ${why}`);
  },
});

describe("without --device", () => {
  it("the first device that works is taken, named in one line, and recorded", async () => {
    const cwd = fresh();
    const words = ["run", "small-addition", ...quick, "--json"];
    const { code, stdout, stderr } = await tinylens(cwd, words, without("native", "web"));
    expect(code).toBe(0);
    expect(JSON.parse(stdout).device).toBe("jax");
    const [first] = stderr.split("\n");
    expect(first).toBe(
      "small-addition: using jax, because native: onnxruntime-node is not installed; run npm install onnxruntime-node | web: onnxruntime-node is not installed; run npm install onnxruntime-node",
    );
    const record = JSON.parse(readFileSync(join(JSON.parse(stdout).run, "run.json"), "utf8"));
    expect(record.device).toBe("jax");
  });

  it("a run goes on with the device that it was begun on", async () => {
    const cwd = fresh();
    const words = ["run", "small-addition", "--set", "shuffled=false", "--set", "steps=120"];
    let interrupt = (): void => {};
    const stopped = await tinylens(cwd, [...words, "--device", "jax"], {
      onInterrupt: (handler) => {
        interrupt = () => handler("SIGINT");
        return () => {};
      },
      backend: async (name) => {
        setTimeout(() => interrupt(), 200);
        return openOne(name);
      },
    });
    expect(stopped.code, stopped.stderr).toBe(130);
    const rest = JSON.parse((await tinylens(cwd, [...words, "--json"])).stdout);
    expect(rest).toMatchObject({ device: "jax", resumed: true });
  });

  it("an analysis records the device that it ran on", async () => {
    const cwd = fresh();
    await tinylens(cwd, [...small, ...quick]);
    const training = await trainingOf(join(cwd, "runs"), { steps: 8 });
    const file = join(training, "checkpoints/8.safetensors");
    const words = ["analyze", "small-addition", "--checkpoint", file, ...quick, "--json"];
    const { stdout } = await tinylens(cwd, words, without("native"));
    expect(JSON.parse(stdout).device).toBe("web");
  });
});

describe("a missing device", () => {
  it("ends with 2 when it was asked for, with what to install and what works here", async () => {
    const words = [...small, ...quick, "--device", "native"];
    const { code, stderr } = await tinylens(fresh(), words, without("native"));
    expect([code, stderr]).toEqual([
      2,
      "tinylens: native: onnxruntime-node is not installed; run npm install onnxruntime-node; or choose web or jax, which work here\n",
    ]);
    const bench = await tinylens(fresh(), ["bench", "--device", "web"], without("web", "native"));
    expect([bench.code, bench.stderr]).toEqual([
      2,
      "tinylens: web: onnxruntime-node is not installed; run npm install onnxruntime-node; or choose jax, which works here\n",
    ]);
  });
});
