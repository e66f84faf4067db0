import { beforeAll, describe, expect, it } from "vitest";
import { init, type Tensor, tensor } from "../arrays/index.ts";
import { InputError, MissingError, ShapeError } from "../core/errors.ts";
import type { Spec } from "../core/nd.ts";
import { nd } from "../core/nd.ts";
import type { Backend, Value } from "./backend.ts";
import { jaxBackend } from "./backends/jax/index.ts";
import { nativeBackend } from "./backends/native/index.ts";
import { type WasmSettings, webBackend } from "./backends/web/index.ts";
import { compile, traceProgram } from "./compile.ts";
import { toOnnx } from "./onnx/lower.ts";
import { describeProgram, flops } from "./program.ts";
import { CaseBuilder } from "./testing/cases.ts";

const spec = (...shape: number[]): Spec => ({ dtype: "float32", shape });

beforeAll(() => init());

describe.each([
  { name: "native", make: nativeBackend },
  { name: "web", make: webBackend },
  { name: "jax", make: jaxBackend },
] as const)("compile on $name", ({ name, make }) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await make();
  });

  it("takes trees and gives back the tree of the function", async () => {
    const f = ({ a, b }: { a: Tensor; b: Tensor[] }): object => ({
      sum: a.add(b[0] as Tensor),
      rest: [a.mul(2), [a.neg()]],
    });
    const compiled = await compile(f, [{ a: spec(2), b: [spec(2)] }], { backend });
    const [a, b] = [nd("float32", [2], [1, 2]), nd("float32", [2], [10, 20])];
    type Result = { sum: Value; rest: [Value, [Value]] };
    const out = (await compiled.run({ a, b: [b] })) as unknown as Result;
    expect([...(await out.sum.read()).data]).toEqual([11, 22]);
    expect([...(await out.rest[0].read()).data]).toEqual([2, 4]);
    expect([...(await out.rest[1][0].read()).data]).toEqual([-1, -2]);
    await compiled.release();
  });

  it("keeps values alive until they are disposed, and says so afterwards", async () => {
    const compiled = await compile((x: Tensor) => x.add(1), [spec(2)], { backend });
    const first = (await compiled.run(nd("float32", [2], [1, 2]))) as Value;
    const second = (await compiled.run(first)) as Value;
    expect([...(await first.read()).data]).toEqual([2, 3]);
    expect([...(await second.read()).data]).toEqual([3, 4]);
    first.dispose();
    await expect(first.read()).rejects.toThrow(`${name}: value float32[2] is already disposed`);
    await compiled.release();
  });

  it("uploads a copy, so that the caller's array can change", async () => {
    const compiled = await compile((x: Tensor) => x.mul(2), [spec(1)], { backend });
    const data = Float32Array.of(3);
    const value = backend.upload({ dtype: "float32", shape: [1], data });
    data[0] = 100;
    expect([...(await ((await compiled.run(value)) as Value).read()).data]).toEqual([6]);
    await compiled.release();
  });

  it("refuses arguments that differ from the specs, and runs after release", async () => {
    const compiled = await compile((x: { a: Tensor }) => x.a.add(1), [{ a: spec(2) }], { backend });
    const run = (x: object): Promise<unknown> => compiled.run(x as never);
    await expect(run({ b: nd("float32", [2], [1, 2]) })).rejects.toThrow(
      "run: expected arguments [{a:*}], got [{b:*}]",
    );
    await expect(run({ a: nd("int32", [2], [1, 2]) })).rejects.toThrow(
      new InputError("run: argument 0 must be float32, got int32"),
    );
    await expect(run({ a: nd("float32", [3], [1, 2, 3]) })).rejects.toThrow(ShapeError);
    await compiled.release();
    await expect(run({ a: nd("float32", [2], [1, 2]) })).rejects.toThrow(
      `${name}: the program is already released`,
    );
  });

  it("refuses values of another back end", async () => {
    const other = name === "jax" ? await nativeBackend() : await jaxBackend();
    const compiled = await compile((x: Tensor) => x.add(1), [spec(1)], { backend });
    await expect(compiled.run(other.upload(nd("float32", [1], [1])))).rejects.toThrow(
      `${name}: input 0 is not a value of this back end`,
    );
    await compiled.release();
  });

  it("computes in float64 as JavaScript does", async () => {
    const f = (x: Tensor): Tensor => x.astype("float64").mul(x.astype("float64")).add(1e-12);
    const compiled = await compile(f, [spec(1)], { backend });
    const out = await ((await compiled.run(nd("float32", [1], [1]))) as Value).read();
    expect(out).toMatchObject({ dtype: "float64", shape: [1] });
    expect(out.data[0]).toBe(1 + 1e-12);
    await compiled.release();
  });

  it("makes captured arrays part of the program", async () => {
    const table = tensor([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    const f = (x: Tensor): Tensor => table.at(tensor([2, 0], { dtype: "int32" })).mul(x);
    const compiled = await compile(f, [spec(1)], { backend });
    const out = await ((await compiled.run(nd("float32", [1], [10]))) as Value).read();
    expect([...out.data]).toEqual([50, 60, 10, 20]);
    await compiled.release();
  });
});

describe("missing packages", () => {
  /** What Node says when it finds no package of this name. */
  const missing = (name: string) => (): Promise<never> => {
    const error = new Error(`Cannot find package '${name}' imported from /app/index.js`);
    return Promise.reject(Object.assign(error, { code: "ERR_MODULE_NOT_FOUND" }));
  };

  it("names the command that installs onnxruntime-node", async () => {
    await expect(nativeBackend(missing("onnxruntime-node"))).rejects.toThrow(MissingError);
    await expect(nativeBackend(missing("onnxruntime-node"))).rejects.toThrow(
      "native: onnxruntime-node is not installed; run npm install onnxruntime-node",
    );
  });

  it("names the command that installs onnxruntime-web", async () => {
    await expect(webBackend({ load: missing("onnxruntime-web") })).rejects.toThrow(
      "web: onnxruntime-web is not installed; run npm install onnxruntime-web",
    );
  });

  it("refuses threads and times that cannot be", async () => {
    await expect(webBackend({ numThreads: 0 })).rejects.toThrow(
      "web: numThreads must be a whole number, 1 or more, got 0",
    );
    await expect(webBackend({ startTimeout: Number.NaN })).rejects.toThrow(
      "web: startTimeout must be more than 0 ms, got NaN",
    );
  });

  it("hands its settings to ONNX Runtime", async () => {
    const wasm: WasmSettings = {};
    const load = async () => ({ ...(await import("onnxruntime-web")), env: { wasm } });
    await webBackend({ load, numThreads: 1, wasmPaths: "https://example.org/", startTimeout: 5 });
    expect(wasm).toEqual({ numThreads: 1, wasmPaths: "https://example.org/", initTimeout: 5 });
  });

  it("names the devices of jax-js that work here", async () => {
    await expect(jaxBackend("webgpu")).rejects.toThrow(
      'jax: device "webgpu" is not available here; choose one of',
    );
  });
});

describe("programs without a back end", () => {
  const mlp = (x: Tensor, w: Tensor): Tensor => x.matmul(w).add(1);

  it("counts two operations for every product and sum of a matrix product", () => {
    const { program } = traceProgram(mlp, [spec(5, 3), spec(3, 7)]);
    expect(flops(program)).toBe(2 * 5 * 3 * 7);
  });

  it("prints as one equation a line", () => {
    const { program } = traceProgram((x: Tensor) => x.mul(2).sum(), [spec(3)]);
    expect(describeProgram(program)).toBe(
      [
        "inputs %0 float32[3]",
        "%1 float32[3] = mul %0 2",
        '%2 float32[] = reduce %1 op="Add" axis=[0]',
        "outputs %2",
        "",
      ].join("\n"),
    );
  });

  it("is written as a model that ONNX Runtime loads", async () => {
    const { program } = traceProgram(mlp, [spec(5, 3), spec(3, 7)]);
    const ort = await import("onnxruntime-node");
    const session = await ort.InferenceSession.create(toOnnx(program));
    expect(session.inputNames).toEqual(["x0", "x1"]);
    expect(session.outputNames).toEqual(["y0"]);
    await session.release();
  });

  it("says by name what cannot be compiled, and why", async () => {
    const builder = new CaseBuilder();
    const type = { dtype: "float32", shape: [3, 3] } as const;
    const x = builder.input(nd("float32", [3, 3], new Float32Array(9)));
    const { program } = builder.done(builder.equation("cholesky", [x], {}, type));
    await expect((await nativeBackend()).compile(program)).rejects.toThrow(
      "compile: cholesky [3,3]: ONNX has no matrix factorizations; run it eagerly, outside the compiled function",
    );
    await expect((await jaxBackend()).compile(program)).rejects.toThrow(
      "compile: cholesky: run it eagerly, outside the compiled function",
    );
  });
});

describe("threads", () => {
  it("are one for a small program and all cores for a large one, or as asked", async () => {
    const backend = await nativeBackend();
    const { availableParallelism } = await import("node:os");
    const threads = async (n: number, asked?: number): Promise<number> => {
      const options = asked === undefined ? { backend } : { backend, threads: asked };
      const product = (x: Tensor): Tensor => x.matmul(x);
      const compiled = await compile(product, [spec(n, n)], options);
      await compiled.release();
      return compiled.threads;
    };
    expect(await threads(8)).toBe(1);
    expect(await threads(512)).toBe(availableParallelism());
    expect(await threads(8, 2)).toBe(2);
  });
});
