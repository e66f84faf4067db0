/** Elementwise operators over lazy views: one memory order for all operands, repeats left to ONNX. */

import type { Shape } from "../../core/nd.ts";
import type { GraphBuilder, GraphTensor } from "./graph.ts";
import { sameShape } from "./graph.ts";
import type { Column, Value } from "./layout.ts";
import {
  aligned,
  arrange,
  isInMemoryOrder,
  shapeOf,
  storedSize,
  stretched,
  viewOfColumns,
} from "./layout.ts";

/** Shape of operands used together. */
export function broadcastShape(shapes: readonly Shape[]): number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, i) => {
    const sizes = shapes.map((shape) => shape[shape.length - rank + i] ?? 1);
    return sizes.find((size) => size !== 1) ?? 1;
  });
}

/**
 * Apply `emit` to tensors that broadcast against each other the ONNX way. They share the memory order
 * that moves the fewest numbers, now or when the result is read (`inReaderOrder`), so the result may itself
 * be a transposed view.
 */
export function pointwise(
  graph: GraphBuilder,
  operands: readonly Value[],
  emit: (tensors: readonly GraphTensor[], shape: Shape) => GraphTensor,
  inReaderOrder: (value: Value) => Value = (value) => value,
): Value {
  const shape = broadcastShape(operands.map(shapeOf));
  const { values, columns } = aligned(
    graph,
    operands.map((operand) => stretched(operand, shape)),
  );
  const leader = leaderOf(values);
  const present = columns.filter(({ strides }) => strides.some((stride) => stride !== 0));
  const result = (order: readonly Column[], tensor: GraphTensor): Value =>
    viewOfColumns(tensor, shape.length, columns, order);
  const order = cheapestOrder(present, values, (candidate) =>
    isInMemoryOrder(inReaderOrder(result(candidate, (values[leader] as Value).tensor)).axes.flat()),
  );
  const groups = grouped(order, values[leader] as Value, leader);
  const sizes = groups.map((group) => group.reduce((product, { size }) => product * size, 1));
  const template = withOnes(sizes, (values[leader] as Value).tensor.shape);
  const tensors = values.map((value, i) => {
    const real = groups.map((group) => group.every(({ strides }) => strides[i] !== 0));
    const atoms = order.map(({ size, strides }) => ({ size, stride: strides[i] as number }));
    const dims = template.map((group) => (real[group] ? (sizes[group] as number) : 1));
    const first = dims.findIndex((size) => size !== 1);
    const trimmed = first < 0 ? [] : dims.slice(first);
    return arrange(graph, value.tensor, atoms, i === leader ? dims : trimmed);
  });
  const full = template.map((group) => sizes[group] ?? 1);
  return result(order, emit(tensors, full));
}

/** Which group each axis shows, -1 for axes of size 1: as in `shape` if that is the same but for ones. */
function withOnes(sizes: readonly number[], shape: Shape): number[] {
  const plain = sizes.map((_, group) => group);
  const same = sameShape(
    shape.filter((size) => size !== 1),
    sizes,
  );
  if (!same) return plain;
  return shape.map((size) => (size === 1 ? -1 : (plain.shift() as number)));
}

function leaderOf(values: readonly Value[]): number {
  const sizes = values.map(storedSize);
  return sizes.indexOf(Math.max(...sizes));
}

/**
 * Of the operands' memory orders and the logical one, that which needs the least transposing; of
 * equals, that which does it at once, for an operand may have other readers.
 */
function cheapestOrder(
  present: readonly Column[],
  values: readonly Value[],
  readsInOrder: (order: readonly Column[]) => boolean,
): readonly Column[] {
  const orders = values.map((_, i) =>
    present.toSorted((a, b) => (b.strides[i] as number) - (a.strides[i] as number)),
  );
  const whole = orders.filter((_, i) => present.every(({ strides }) => strides[i] !== 0));
  const candidates = [...whole, present];
  const total = present.reduce((product, { size }) => product * size, 1);
  const costs = candidates.map((order) => {
    const moved = new Map<string, number>();
    for (const [i, value] of values.entries()) {
      const atoms = order.map(({ size, strides }) => ({ size, stride: strides[i] as number }));
      if (!isInMemoryOrder(atoms)) moved.set(value.tensor.name, storedSize(value));
    }
    const later = readsInOrder(order) ? 0 : total + 1;
    return [...moved.values()].reduce((sum, size) => sum + size, later);
  });
  return candidates[costs.indexOf(Math.min(...costs))] as readonly Column[];
}

/** Join columns that every operand steps through alike, but keep the axes of the leader's tensor. */
function grouped(order: readonly Column[], { tensor }: Value, leader: number): Column[][] {
  const edges = new Set<number>();
  let edge = 1;
  for (const size of [...tensor.shape].reverse()) {
    edge *= size;
    edges.add(edge);
  }
  const groups: Column[][] = [];
  let last: Column | undefined;
  for (const column of order) {
    const fits = (stride: number, i: number): boolean =>
      last?.strides[i] === stride * column.size && (stride === 0) === (last.strides[i] === 0);
    const ownEdge = edges.has(last?.strides[leader] ?? 0);
    if (last && column.strides.every(fits) && !ownEdge) groups.at(-1)?.push(column);
    else groups.push([column]);
    last = column;
  }
  return groups;
}
