import { relu, type Tensor, valueAndGrad } from "../arrays/index.ts";
import { type Backend, compile, type Value } from "../compile/index.ts";
import { type NdArray, nd } from "../core/nd.ts";

const rows = 64;
const width = 32;

/** Compile value and gradient of sum(relu(x W)^2) / rows and compare it with plain loops. */
export async function selfTest(
  backend: Backend,
  now: () => number,
): Promise<{ readonly milliseconds: number; readonly error: number }> {
  const x = wave([rows, width], 0.37);
  const w = wave([width, width], 0.11);
  const loss = (weights: Tensor, inputs: Tensor): Tensor => {
    const hidden = relu(inputs.matmul(weights));
    return hidden.mul(hidden).sum().div(rows);
  };
  const fn = (weights: Tensor, inputs: Tensor) => valueAndGrad(loss)(weights, inputs);
  const compiled = await compile(fn, [w, x], { backend });
  try {
    await compiled.run(w, x);
    const start = now();
    const [value, gradient] = (await compiled.run(w, x)) as [Value, Value];
    const milliseconds = now() - start;
    const expected = byLoops(w, x);
    const measured = [(await value.read()).data[0] as number, ...(await gradient.read()).data];
    const scale = Math.max(...expected.map(Math.abs));
    const errors = expected.map((e, i) => Math.abs(e - (measured[i] as number)) / scale);
    return { milliseconds, error: Math.max(...errors) };
  } finally {
    await compiled.release();
  }
}

function wave(shape: readonly [number, number], frequency: number): NdArray {
  const data = Float32Array.from({ length: shape[0] * shape[1] }, (_, i) =>
    Math.sin(frequency * i),
  );
  return nd("float32", shape, data);
}

/** The value, then the gradient row by row. */
function byLoops({ data: w }: NdArray, { data: x }: NdArray): number[] {
  const gradient = new Float64Array(width * width);
  let value = 0;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < width; j++) {
      let sum = 0;
      for (let k = 0; k < width; k++) {
        sum += (x[i * width + k] as number) * (w[k * width + j] as number);
      }
      if (sum <= 0) continue;
      value += (sum * sum) / rows;
      for (let k = 0; k < width; k++) {
        gradient[k * width + j] =
          (gradient[k * width + j] as number) + (2 * sum * (x[i * width + k] as number)) / rows;
      }
    }
  }
  return [value, ...gradient];
}
