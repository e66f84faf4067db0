import { concatenate, matmul, Tensor, take, tensor } from "../../arrays/index.ts";
import { nd } from "../../core/nd.ts";

export interface RotaryOptions {
  /** Rotated width of each head; the rest passes. */
  readonly rotaryDim: number;
  readonly rotaryBase: number;
  /** Pair neighbors (GPT-J) and not halves (GPT-NeoX). */
  readonly rotaryAdjacentPairs: boolean;
}

/**
 * Rotary position embedding (Su et al. 2021) of "… pos head d_head": pair d of each head turns by
 * pos / base^(2 d / rotaryDim) radians. `positions` are those of the axis before `head`, or an int32
 * tensor "batch pos" of positions below the length of that axis.
 */
export function rotate(
  x: Tensor,
  positions: ArrayLike<number> | Tensor,
  options: RotaryOptions,
): Tensor {
  const { rotaryDim } = options;
  const { cos, sin } = tablesOf(x, positions, options);
  const axes = Array.from({ length: x.ndim - 1 }, () => [] as []);
  const whole = x.shape.at(-1) === rotaryDim;
  const turning = whole ? x : x.at(...axes, [0, rotaryDim]);
  const turned = turning.mul(cos).add(matmul(turning, quarterTurn(options)).mul(sin));
  return whole ? turned : concatenate([turned, x.at(...axes, [rotaryDim])], -1);
}

function tablesOf(x: Tensor, positions: ArrayLike<number> | Tensor, options: RotaryOptions) {
  if (!(positions instanceof Tensor)) return tables(positions, options);
  const all = tables(
    Array.from({ length: x.shape[1] as number }, (_, pos) => pos),
    options,
  );
  return { cos: take(all.cos, positions, 0), sin: take(all.sin, positions, 0) };
}

/** The pair that dimension `d` belongs to. */
function pairOf(d: number, { rotaryDim, rotaryAdjacentPairs }: RotaryOptions): number {
  return rotaryAdjacentPairs ? Math.floor(d / 2) : d % (rotaryDim / 2);
}

/** Cosines and sines "pos 1 rotary_dim", in float32 throughout as TransformerLens computes them. */
function tables(positions: ArrayLike<number>, options: RotaryOptions) {
  const { rotaryDim, rotaryBase } = options;
  const angles = Array.from(positions).flatMap((pos) =>
    Array.from({ length: rotaryDim }, (_, d) => {
      const exponent = Math.fround(pairOf(d, options) / (rotaryDim / 2));
      return Math.fround(pos / Math.fround(rotaryBase ** exponent));
    }),
  );
  const shape = [positions.length, 1, rotaryDim];
  return {
    cos: tensor(nd("float32", shape, angles.map(Math.cos))),
    sin: tensor(nd("float32", shape, angles.map(Math.sin))),
  };
}

/** The matrix that maps each pair (a, b) of a row to (-b, a). */
function quarterTurn(options: RotaryOptions): Tensor {
  const { rotaryDim: n, rotaryAdjacentPairs } = options;
  const turn = new Float32Array(n * n);
  for (let pair = 0; pair < n / 2; pair++) {
    const a = rotaryAdjacentPairs ? 2 * pair : pair;
    const b = rotaryAdjacentPairs ? a + 1 : a + n / 2;
    turn[b * n + a] = -1;
    turn[a * n + b] = 1;
  }
  return tensor(nd("float32", [n, n], turn));
}
