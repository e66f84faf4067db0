import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { grad, init, type Tensor } from "../../arrays/index.ts";
import { nd } from "../../core/nd.ts";
import type { Backend } from "../backend.ts";
import { traceProgram } from "../compile.ts";
import { lowerings } from "../onnx/lowerings.ts";
import type { Primitive } from "../program.ts";
import { type Case, cases } from "../testing/cases.ts";
import { expectAgreement, outputsOf } from "../testing/run.ts";
import { jaxBackend } from "./jax/index.ts";
import { operations } from "./jax/operations.ts";
import { nativeBackend } from "./native/index.ts";
import { webBackend } from "./web/index.ts";

/** jax-js approximates these in float32 to about 1e-5, a hundred units in the last place. */
const approximate: ReadonlySet<Primitive> = new Set<Primitive>([
  "exp",
  "log",
  "sin",
  "cos",
  "asin",
  "atan",
  "erf",
  "erfc",
]);

const backends = [
  { name: "native", make: nativeBackend, table: lowerings },
  { name: "web", make: webBackend, table: lowerings },
  { name: "jax", make: jaxBackend, table: operations },
] as const;

function rounding({ name }: Backend, primitive: Primitive, { program }: Case): number {
  const float32 = program.inputs.every(({ dtype }) => dtype === "float32");
  return name === "jax" && float32 && approximate.has(primitive) ? 32 : 1;
}

describe.each(backends)("$name agrees with plain float64 loops", ({ make, table }) => {
  let backend: Backend;
  beforeAll(async () => {
    await init();
    backend = await make();
  });

  const supported = Object.keys(cases).filter((name) => cases[name as Primitive]) as Primitive[];
  it.each(supported)("%s, over random shapes, broadcasts, transposes and dtypes", async (name) => {
    const property = fc.asyncProperty(
      cases[name] as NonNullable<(typeof cases)[Primitive]>,
      (drawn) =>
        expectAgreement(backend, { ...drawn, scale: drawn.scale * rounding(backend, name, drawn) }),
    );
    await fc.assert(property, { numRuns: 25, seed: 1 });
  });

  it("puts zeros around an expression of numbers alone: the gradient of a slice", async () => {
    const lastColumn = (x: Tensor): Tensor => x.at([], -1).sum();
    const { program } = traceProgram(
      (x: Tensor) => grad(lastColumn)(x),
      [{ dtype: "float32", shape: [2, 3] }],
    );
    const [slope] = await outputsOf(backend, program, [nd("float32", [2, 3], [1, 2, 3, 4, 5, 6])]);
    expect([...(slope?.data ?? [])]).toEqual([0, 0, 1, 0, 0, 1]);
  });

  it("has a case for exactly the primitives that it supports", () => {
    const lowered = Object.entries(table).flatMap(([name, entry]) =>
      "unsupported" in entry ? [] : [name],
    );
    expect(lowered.toSorted()).toEqual(supported.toSorted());
  });
});
