import { beforeAll, describe, expect, it } from "vitest";
import type { NdArray } from "../../core/nd.ts";
import { nd } from "../../core/nd.ts";
import type { Backend } from "../backend.ts";
import { nativeBackend } from "../backends/native/index.ts";
import { webBackend } from "../backends/web/index.ts";
import type { Program } from "../program.ts";
import { numbers } from "../testing/arbitraries.ts";
import { CaseBuilder } from "../testing/cases.ts";
import { runReference } from "../testing/reference.ts";
import { expectClose } from "../testing/run.ts";
import { lowerProgram } from "./lower.ts";

const rows = 3000;
const width = 32;

/** Sum `rows` rows into `targets`, each index about `rows / targets` times. */
function scatterCase(targets: number, known: boolean): { program: Program; inputs: NdArray[] } {
  const drawn = numbers("float64", [rows], 5).data;
  const data = Int32Array.from(drawn, (x) => Math.floor(Math.abs(x) * 7919) % targets);
  const builder = new CaseBuilder();
  const updates = builder.input(
    nd("float32", [rows, width], numbers("float64", [rows, width], 3).data),
  );
  const index = nd("int32", [rows], data);
  const place = known ? builder.constant(index) : builder.input(index);
  const shape = [targets, width];
  const type = { dtype: "float32", shape } as const;
  const outputs = builder.equation(
    "scatter",
    [updates, place],
    { shape, axis: [0], outDim: 0 },
    type,
  );
  const { program, inputs } = builder.done(outputs);
  return { program, inputs: [...inputs] };
}

const forms = [
  { form: "known indices", targets: 113, known: true, op: "ReduceSum" },
  { form: "indices at run time into few rows", targets: 113, known: false, op: "Gemm" },
  { form: "indices at run time into many rows", targets: 400, known: false, op: "ScatterElements" },
];

describe.each([
  { name: "native", make: nativeBackend },
  { name: "web", make: webBackend },
])("scatter with repeated indices on $name", ({ make }) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await make();
  });

  it.each(forms)("$form: adds every update, and the same bits in every run", async (form) => {
    const { program, inputs } = scatterCase(form.targets, form.known);
    expect(lowerProgram(program).nodes.map(({ op }) => op)).toContain(form.op);
    const executable = await backend.compile(program, { threads: 2 });
    const values = inputs.map((array) => backend.upload(array));
    const results: NdArray[] = [];
    for (let run = 0; run < 20; run++) {
      const [output] = await executable.run(values);
      if (output) results.push(await output.read());
    }
    await executable.release();
    const [expected] = runReference(program, inputs);
    expectClose(results[0] as NdArray, expected as NdArray, 16);
    for (const { data } of results) expect(data).toEqual(results[0]?.data);
  });
});

it("known indices outside the array are dropped, as jax-js drops them", async () => {
  const builder = new CaseBuilder();
  const updates = builder.input(nd("float32", [3], [1, 2, 4]));
  const index = builder.constant(nd("int32", [3], [0, -1, 2]));
  const type = { dtype: "float32", shape: [2] } as const;
  const outputs = builder.equation(
    "scatter",
    [updates, index],
    { shape: [2], axis: [0], outDim: 0 },
    type,
  );
  const { program, inputs } = builder.done(outputs);
  const backend = await nativeBackend();
  const executable = await backend.compile(program);
  const [output] = await executable.run(inputs.map((array) => backend.upload(array)));
  expect([...((await output?.read())?.data ?? [])]).toEqual([1, 0]);
  await executable.release();
});
