/**
 * The engine experiment that tinylens's engine grew from, as it is: its step and its lowering are
 * imported from `--spike DIR` (copied beside a link to this repository's packages), and the loop
 * around its ONNX Runtime session is the one of its `run-native.mjs`. Its weights are its own, its
 * loss is in float32. Other options as in `modular-addition.ts`.
 */

import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { makeJaxpr, type numpy } from "@jax-js/jax";
import type { InferenceSession, Tensor, TypedTensor } from "onnxruntime-node";
import { run } from "./protocol.ts";

type Ort = typeof import("onnxruntime-node");
type Tree = numpy.Array | readonly Tree[] | { readonly [name: string]: Tree };

interface Lowered {
  readonly md: Uint8Array;
  readonly inputs: readonly (readonly [name: string, shape: readonly number[]])[];
}

interface StepModule {
  stepf(...args: numpy.Array[]): unknown;
  args(): Tree[];
}

interface LowerModule {
  readonly ort: Ort;
  lower(jaxpr: unknown): Lowered;
}

function option(name: string): string | undefined {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : process.argv[at + 1];
}

function leaves(tree: Tree): numpy.Array[] {
  if (Array.isArray(tree)) return tree.flatMap(leaves);
  if ("shape" in tree && "dtype" in tree) return [tree as numpy.Array];
  return Object.values(tree as { readonly [name: string]: Tree }).flatMap(leaves);
}

async function imported<T>(folder: string, file: string): Promise<T> {
  return (await import(pathToFileURL(join(folder, file)).href)) as T;
}

async function load(source: string): Promise<StepModule & LowerModule> {
  const folder = mkdtempSync(join(tmpdir(), "tinylens-spike-"));
  try {
    cpSync(source, folder, { recursive: true });
    symlinkSync(resolve(import.meta.dirname, "../../node_modules"), join(folder, "node_modules"));
    const step = await imported<StepModule>(folder, "modular-addition-step.mjs");
    return { ...step, ...(await imported<LowerModule>(folder, "lower.mjs")) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function stepper({ ort, args }: StepModule & LowerModule, lowered: Lowered, s: InferenceSession) {
  const values: Tensor[] = leaves(args()).map((array, i) => {
    const [, shape] = lowered.inputs[i] as (typeof lowered.inputs)[number];
    return new ort.Tensor(
      String(array.dtype) as "float32",
      array.ref.dataSync() as Float32Array<ArrayBuffer>,
      [...shape],
    );
  });
  const state = values.length - 5;
  let done = 0;
  return async (): Promise<number> => {
    done++;
    for (const [i, beta] of [0.9, 0.98].entries()) {
      values[state + i] = new ort.Tensor("float32", Float32Array.of(1 / (1 - beta ** done)), []);
    }
    const feeds = Object.fromEntries(
      lowered.inputs.map(([name], i) => [name, values[i] as Tensor]),
    );
    const results = await s.run(feeds);
    for (let i = 0; i < state; i++) values[i] = results[`y${i + 1}`] as Tensor;
    return (results.y0 as TypedTensor<"float32">).data[0] as number;
  };
}

const source = option("spike");
if (source === undefined) throw new Error("spike.ts: --spike DIR is required");
const threads = Number(option("threads") ?? 2);
const spike = await load(source);
const { jaxpr } = makeJaxpr(spike.stepf as (...args: numpy.Array[]) => numpy.Array)(
  ...(spike.args() as numpy.Array[]),
);
const lowered = spike.lower(jaxpr);
const session = await spike.ort.InferenceSession.create(lowered.md, {
  intraOpNumThreads: threads,
  interOpNumThreads: 1,
  graphOptimizationLevel: "all",
  logSeverityLevel: 3,
});
const step = stepper(spike, lowered, session);
await run(
  { name: "engine spike", threads, step },
  Number(option("steps") ?? 20),
  process.argv.includes("--serve"),
);
process.exit(0);
