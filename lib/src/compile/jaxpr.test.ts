import { beforeAll, describe, expect, it } from "vitest";
import { init, type Tensor } from "../arrays/index.ts";
import { trace } from "../arrays/internal.ts";
import { InputError } from "../core/errors.ts";
import { readJaxpr } from "./jaxpr.ts";
import type { Program } from "./program.ts";

beforeAll(() => init());

const spec = { dtype: "float32", shape: [2] } as const;

function read(f: (x: Tensor) => Tensor, shape: readonly number[] = spec.shape): Program {
  const { jaxpr } = trace(f, [{ ...spec, shape }]);
  return readJaxpr(jaxpr);
}

/** A jaxpr of one equation, as jax-js would hold it. */
function fake(primitive: string, params: object): object {
  const aval = { shape: [2], dtype: "float32", weakType: false };
  const [x, y] = [{ aval }, { aval }];
  const eqns = [{ primitive, params, inputs: [x], outBinders: [y] }];
  const jaxpr = { inBinders: [x], eqns, outs: [y], flatten: () => jaxpr };
  return { jaxpr, consts: [] };
}

describe("readJaxpr", () => {
  it("takes nested functions apart", () => {
    const program = read((x) => x.pow(3));
    expect(program.equations.map(({ primitive }) => primitive)).not.toContain("jit");
  });

  it("rounds numbers to the dtype they have", () => {
    const [equation] = read((x) => x.mul(0.1)).equations;
    expect(equation?.inputs).toContainEqual(
      expect.objectContaining({ kind: "literal", value: Math.fround(0.1) }),
    );
  });

  it("refuses dtypes that programs do not have", () => {
    const half = (x: Tensor): Tensor => x.astype("float16" as never).astype("float32");
    expect(() => read(half)).toThrow(
      new InputError("compile: dtype float16 is not supported; cast to float32 or float64"),
    );
  });

  it("refuses arrays without elements", () => {
    expect(() => read((x) => x.add(1), [0, 2])).toThrow(
      new InputError("compile: arrays must have elements, got shape [0,2]"),
    );
  });

  it("refuses a scatter that does not add", () => {
    expect(() => readJaxpr(fake("scatter", { op: "update" }))).toThrow(
      new InputError("compile: scatter can only add, got update"),
    );
  });
});
