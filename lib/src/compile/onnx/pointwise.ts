/** Elementwise operators over lazy views: one memory order for all operands, repeats left to ONNX. */

import type { Shape } from "../../core/nd.ts";
import type { GraphBuilder, GraphTensor } from "./graph.ts";
import type { Column, Value } from "./layout.ts";
import { aligned, arrange, shapeOf, storedSize, stretched, viewOfColumns } from "./layout.ts";

/** Shape of operands used together. */
export function broadcastShape(shapes: readonly Shape[]): number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, i) => {
    const sizes = shapes.map((shape) => shape[shape.length - rank + i] ?? 1);
    return sizes.find((size) => size !== 1) ?? 1;
  });
}

/**
 * Apply `emit` to tensors that broadcast against each other the ONNX way. The memory order is that
 * of the largest operand, so the result may itself be a transposed view.
 */
export function pointwise(
  graph: GraphBuilder,
  operands: readonly Value[],
  emit: (tensors: readonly GraphTensor[], shape: Shape) => GraphTensor,
): Value {
  const shape = broadcastShape(operands.map(shapeOf));
  const { values, columns } = aligned(
    graph,
    operands.map((operand) => stretched(operand, shape)),
  );
  const leader = leaderOf(values);
  const order = memoryOrder(columns, leader);
  const groups = grouped(order, values[leader] as Value, leader);
  const sizes = groups.map((group) => group.reduce((product, { size }) => product * size, 1));
  const tensors = values.map((value, i) => {
    const real = (column: Column): boolean => column.strides[i] !== 0;
    const atoms = order.map(({ size, strides }) => ({ size, stride: strides[i] as number }));
    const dims = groups.map((group, k) =>
      (group as Column[]).every(real) ? (sizes[k] as number) : 1,
    );
    const first = dims.findIndex((size) => size !== 1);
    return arrange(graph, value.tensor, atoms, first < 0 ? [] : dims.slice(first));
  });
  return viewOfColumns(emit(tensors, sizes), shape.length, columns, order);
}

function leaderOf(values: readonly Value[]): number {
  const sizes = values.map(storedSize);
  return sizes.indexOf(Math.max(...sizes));
}

/** The columns that some operand really has: in the leader's order if it has them all. */
function memoryOrder(columns: readonly Column[], leader: number): Column[] {
  const present = columns.filter(({ strides }) => strides.some((stride) => stride !== 0));
  const key = (column: Column): number => column.strides[leader] as number;
  if (present.some((column) => key(column) === 0)) return present;
  return present.sort((a, b) => key(b) - key(a));
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
