/**
 * Lazy views. A `Value` is a tensor of the graph seen through transposes, reshapes and broadcasts
 * that have not been carried out: each axis is a list of strided pieces (`Atom`s) of the tensor.
 * Operators line their operands up piece by piece, so that a transposed matrix becomes a flag of
 * `Gemm` and a broadcast row stays a row; a copy is made only when nothing else is possible.
 */

import type { Shape } from "../../core/nd.ts";
import { sizeOf } from "../../core/nd.ts";
import type { GraphBuilder, GraphTensor } from "./graph.ts";
import { sameShape } from "./graph.ts";

/** A run of `size` elements `stride` apart; stride 0 repeats one element. */
export interface Atom {
  readonly size: number;
  readonly stride: number;
}

/** Outermost piece first; an axis of size 1 has none. */
export type Axis = readonly Atom[];

/** The atoms with a stride cover the tensor, each element once. */
export interface Value {
  readonly tensor: GraphTensor;
  readonly axes: readonly Axis[];
}

/** A piece of one logical axis with its stride in each of several values. */
export interface Column {
  readonly axis: number;
  readonly size: number;
  readonly strides: readonly number[];
}

const sizeOfAxis = (axis: Axis): number => axis.reduce((product, { size }) => product * size, 1);

export function shapeOf(value: Value): Shape {
  return value.axes.map(sizeOfAxis);
}

/** Row-major strides of `shape`. */
export function stridesOf(shape: Shape): number[] {
  const strides: number[] = [];
  let stride = 1;
  for (const size of [...shape].reverse()) {
    strides.unshift(stride);
    stride *= size;
  }
  return strides;
}

/** The tensor as it is. */
export function view(tensor: GraphTensor): Value {
  const strides = stridesOf(tensor.shape);
  const axes = tensor.shape.map((size, i) =>
    size === 1 ? [] : [{ size, stride: strides[i] as number }],
  );
  return { tensor, axes };
}

export function permuted(value: Value, perm: readonly number[]): Value {
  return { tensor: value.tensor, axes: perm.map((axis) => value.axes[axis] as Axis) };
}

/** Insert the axes `added` of `shape` and stretch axes of size 1 to it. */
export function broadcasted(value: Value, shape: Shape, added: readonly number[]): Value {
  const rest = [...value.axes];
  const axes = shape.map((size, i) => {
    const axis = added.includes(i) ? [] : (rest.shift() as Axis);
    return axis.length === 0 && size !== 1 ? [{ size, stride: 0 }] : axis;
  });
  return { tensor: value.tensor, axes };
}

/** Broadcast to `shape` as NumPy does: missing axes are in front. */
export function stretched(value: Value, shape: Shape): Value {
  const added = Array.from({ length: shape.length - value.axes.length }, (_, i) => i);
  return broadcasted(value, shape, added);
}

/** Join neighbors that step through the tensor as one piece would. */
function joined(atoms: readonly Atom[]): Atom[] {
  const out: Atom[] = [];
  for (const atom of atoms) {
    const last = out.at(-1);
    if (last && last.stride === atom.stride * atom.size) {
      out[out.length - 1] = { size: last.size * atom.size, stride: atom.stride };
    } else out.push(atom);
  }
  return out;
}

/** The same numbers under another shape, or undefined when that needs a copy. */
export function reshaped(value: Value, shape: Shape): Value | undefined {
  const queue = joined(value.axes.flat());
  const axes: Atom[][] = [];
  for (const size of shape) {
    const axis: Atom[] = [];
    let left = size;
    while (left > 1) {
      const atom = queue.shift() as Atom;
      if (left % atom.size === 0) {
        axis.push(atom);
        left /= atom.size;
      } else if (atom.size % left === 0) {
        const inner = atom.size / left;
        axis.push({ size: left, stride: atom.stride * inner });
        queue.unshift({ size: inner, stride: atom.stride });
        left = 1;
      } else return undefined;
    }
    axes.push(axis);
  }
  return { tensor: value.tensor, axes };
}

/** Cut the axes of values of equal shape into common pieces; undefined when they do not nest. */
export function alignColumns(values: readonly Value[]): Column[] | undefined {
  const columns: Column[] = [];
  const rank = (values[0] as Value).axes.length;
  for (let axis = 0; axis < rank; axis++) {
    const queues = values.map((value) => [...(value.axes[axis] as Axis)]);
    while ((queues[0] as Atom[]).length > 0) {
      const heads = queues.map((queue) => queue[0] as Atom);
      const size = Math.min(...heads.map((head) => head.size));
      if (heads.some((head) => head.size % size !== 0)) return undefined;
      const strides = heads.map((head) => head.stride * (head.size / size));
      for (const [i, queue] of queues.entries()) {
        const head = heads[i] as Atom;
        if (head.size === size) queue.shift();
        else queue[0] = { size: head.size / size, stride: head.stride };
      }
      columns.push({ axis, size, strides });
    }
  }
  return columns;
}

/** Whether pieces follow each other as they lie in memory; repeated ones do not count. */
export function isInMemoryOrder(atoms: readonly Atom[]): boolean {
  const real = atoms.filter(({ stride }) => stride !== 0);
  return real.every((atom, i) => i === 0 || (real[i - 1] as Atom).stride > atom.stride);
}

/** The tensor with its pieces in the order of `atoms`, all of them, as an array of `shape`. */
export function arrange(
  graph: GraphBuilder,
  tensor: GraphTensor,
  atoms: readonly Atom[],
  shape: Shape,
): GraphTensor {
  const order = joined(atoms.filter(({ stride }) => stride !== 0));
  const base = [...order].sort((a, b) => b.stride - a.stride);
  if (order.every((atom, i) => atom === base[i])) return graph.reshape(tensor, shape);
  const source = graph.reshape(
    tensor,
    base.map(({ size }) => size),
  );
  const perm = order.map((atom) => base.indexOf(atom));
  const sizes = order.map(({ size }) => size);
  const turned = graph.node("Transpose", [source], tensor.type, sizes, { attributes: { perm } });
  return graph.reshape(turned, shape);
}

/** Carry out transposes and reshapes; an axis that is only repeated keeps size 1. */
export function stored(graph: GraphBuilder, value: Value): GraphTensor {
  const repeats = (axis: Axis): boolean => axis.every(({ stride }) => stride === 0);
  const mixed = value.axes.some(
    (axis) => !repeats(axis) && axis.some(({ stride }) => stride === 0),
  );
  const shape = value.axes.map((axis) => (repeats(axis) ? 1 : sizeOfAxis(axis)));
  if (!mixed) return arrange(graph, value.tensor, value.axes.flat(), shape);
  const pieces = value.axes.flatMap((axis) => (repeats(axis) ? [] : axis));
  const narrow = pieces.map(({ size, stride }) => (stride === 0 ? 1 : size));
  const wide = pieces.map(({ size }) => size);
  const compact = arrange(graph, value.tensor, value.axes.flat(), narrow);
  return graph.reshape(expand(graph, compact, wide), shape);
}

/** The value as a tensor of its own shape, repeats written out. */
export function materialized(graph: GraphBuilder, value: Value): GraphTensor {
  return expand(graph, stored(graph, value), shapeOf(value));
}

function expand(graph: GraphBuilder, tensor: GraphTensor, shape: Shape): GraphTensor {
  if (sameShape(tensor.shape, shape)) return tensor;
  return graph.node("Expand", [tensor, graph.int64(shape)], tensor.type, shape);
}

/** Columns of `values`, copying those that do not nest with the others. */
export function aligned(
  graph: GraphBuilder,
  values: readonly Value[],
): { readonly values: readonly Value[]; readonly columns: readonly Column[] } {
  const columns = alignColumns(values);
  if (columns) return { values, columns };
  const copies = values.map((value) => {
    const shape = shapeOf(value);
    return broadcasted(view(stored(graph, value)), shape, []);
  });
  const again = alignColumns(copies);
  if (!again) throw new Error(`onnx: shapes ${values.map((v) => `[${shapeOf(v)}]`)} do not align`);
  return { values: copies, columns: again };
}

/** The value of `columns`, whose numbers lie in `tensor` in the order `order`. */
export function viewOfColumns(
  tensor: GraphTensor,
  rank: number,
  columns: readonly Column[],
  order: readonly Column[],
): Value {
  const strides = stridesOf(order.map(({ size }) => size));
  const axes: Atom[][] = Array.from({ length: rank }, () => []);
  for (const column of columns) {
    const at = order.indexOf(column);
    const stride = at < 0 ? 0 : (strides[at] as number);
    (axes[column.axis] as Atom[]).push({ size: column.size, stride });
  }
  return { tensor, axes };
}

/** Number of elements that `value` really has. */
export function storedSize(value: Value): number {
  return sizeOf(value.tensor.shape);
}
