/** Real irreducible representations of every group that `groups/` makes. */

import { float64 } from "../../../analysis/linalg/index.ts";
import type { Family, FiniteGroup } from "../../../groups/index.ts";
import { alternatingIrreps, symmetricIrreps } from "./permutation-irreps.ts";
import { fromEntries, matrixOf, type Representation, restrictTo } from "./representation.ts";
import { spanOf } from "./span.ts";

/** Which irreducible representations to make. */
export interface IrrepOptions {
  /** Only those of the code of Chughtai et al.: 6 of the 11 of S6, all of smaller groups. */
  readonly publishedOnly?: boolean;
}

/**
 * All irreducible representations over the real numbers, the trivial one first. Names are those of
 * the published code (`sign`, `standard`, `standard_sign`, `s5_5d_a`, `freq_3`); other Specht modules
 * are `specht_4_2`, factors of a direct product are joined by `_x_`.
 */
export function irreducibleRepresentations(
  group: FiniteGroup,
  options: IrrepOptions = {},
): readonly Representation[] {
  const { family } = group;
  switch (family.kind) {
    case "symmetric":
      return symmetricIrreps(group, family, options.publishedOnly ?? false);
    case "alternating":
      return alternatingIrreps(group, family);
    case "cyclic":
      return cyclicIrreps(family.n);
    case "dihedral":
      return dihedralIrreps(family.n);
    case "product":
      return productIrreps(group, family);
  }
}

const quarterTurn = float64([2, 2], Float64Array.of(0, -1, 1, 0));

/** `freq_k`: rotation by 2πka/n, k = 1 … ⌈n/2⌉ - 1. */
function cyclicIrreps(n: number): readonly Representation[] {
  const sign = fromEntries("sign", n, 1, (a) => [(-1) ** a]);
  return [
    fromEntries("trivial", n, 1, () => [1]),
    ...(n % 2 === 0 ? [sign] : []),
    ...frequencies(n).map((k) => ({
      ...fromEntries(`freq_${k}`, n, 2, (a) => rotation((2 * Math.PI * k * a) / n)),
      complexStructure: quarterTurn,
    })),
  ];
}

/** `freq_k`: rotations by 2πka/n, and for reflections [[c, s], [s, -c]]. */
function dihedralIrreps(n: number): readonly Representation[] {
  const line = (name: string, rotation: number, reflection: number): Representation =>
    fromEntries(name, 2 * n, 1, (a) => [rotation ** (a % n) * (a < n ? 1 : reflection)]);
  return [
    line("trivial", 1, 1),
    line("sign", 1, -1),
    ...(n % 2 === 0 ? [line("sign_r", -1, 1), line("sign_rs", -1, -1)] : []),
    ...frequencies(n).map((k) =>
      fromEntries(`freq_${k}`, 2 * n, 2, (a) => {
        const [c, minusS, s] = rotation((2 * Math.PI * k * (a % n)) / n);
        return a < n ? [c, minusS, s, c] : [c, s, s, -c];
      }),
    ),
  ];
}

function rotation(angle: number): [number, number, number, number] {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  return [c, -s, s, c];
}

function frequencies(n: number): number[] {
  return Array.from({ length: Math.ceil(n / 2) - 1 }, (_, i) => i + 1);
}

/** Tensor products of the factors' irreducible representations; two complex ones split in two. */
function productIrreps(
  group: FiniteGroup,
  { factors }: Extract<Family, { readonly kind: "product" }>,
): readonly Representation[] {
  const [left, right] = factors.map((factor) => irreducibleRepresentations(factor)) as [
    readonly Representation[],
    readonly Representation[],
  ];
  const size = factors[1].order;
  return left.flatMap((v) =>
    right.flatMap((w) => {
      const name =
        v.name === "trivial" && w.name === "trivial" ? "trivial" : `${v.name}_x_${w.name}`;
      const d = v.dimension * w.dimension;
      const tensor = fromEntries(name, group.order, d, (g) =>
        kronecker(matrixOf(v, Math.floor(g / size)), matrixOf(w, g % size)),
      );
      return split(tensor, v, w);
    }),
  );
}

function split(tensor: Representation, v: Representation, w: Representation): Representation[] {
  const one = (d: number): Float64Array => identity(d);
  const [J, K] = [v.complexStructure?.data, w.complexStructure?.data];
  const d = tensor.dimension;
  const whole = (structure: Float64Array): Representation[] => [
    { ...tensor, complexStructure: float64([d, d], structure) },
  ];
  if (J === undefined && K === undefined) return [tensor];
  if (J === undefined) return whole(kronecker(one(v.dimension), K as Float64Array));
  const structure = kronecker(J, one(w.dimension));
  if (K === undefined) return whole(structure);
  const both = kronecker(J, K);
  return [1, -1].map((sign) => {
    const projection = float64(
      [d, d],
      identity(d).map((x, i) => x + sign * (both[i] as number)),
    );
    const name = `${tensor.name}_${sign === 1 ? "a" : "b"}`;
    return restrictTo(name, tensor, spanOf(projection), structure);
  });
}

function identity(d: number): Float64Array {
  return Float64Array.from({ length: d * d }, (_, i) => (i % (d + 1) === 0 ? 1 : 0));
}

/** Kronecker product of two square matrices, row-major. */
function kronecker(a: Float64Array, b: Float64Array): Float64Array {
  const [m, n] = [Math.sqrt(a.length), Math.sqrt(b.length)];
  return Float64Array.from({ length: a.length * b.length }, (_, at) => {
    const [row, column] = [Math.floor(at / (m * n)), at % (m * n)];
    const x = a[Math.floor(row / n) * m + Math.floor(column / n)] as number;
    return x * (b[(row % n) * n + (column % n)] as number);
  });
}
