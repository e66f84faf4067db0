/** Lowerings of primitives that move numbers without changing them. */

import type { DType, Shape } from "../../core/nd.ts";
import type { GraphBuilder, GraphTensor } from "./graph.ts";
import type { Value } from "./layout.ts";
import { broadcasted, materialized, permuted, reshaped, shapeOf, stored, view } from "./layout.ts";
import type { Lowering } from "./lowering.ts";

export const transpose: Lowering<"transpose"> = (_context, [x], { params }) => [
  permuted(x as Value, params.perm),
];

export const broadcast: Lowering<"broadcast"> = (_context, [x], { params }) => [
  broadcasted(x as Value, params.shape, params.axis),
];

export const reshape: Lowering<"reshape"> = ({ graph }, [x], { params }) => [
  reshapedOrCopied(graph, x as Value, params.shape),
];

/** Reshape without a copy if the memory allows it. */
export function reshapedOrCopied(graph: GraphBuilder, x: Value, shape: Shape): Value {
  const lazy = reshaped(x, shape);
  return lazy ?? view(graph.reshape(materialized(graph, x), shape));
}

const farthest = -(2 ** 31);

export const flip: Lowering<"flip"> = ({ graph }, [x], { params }) =>
  throughStored(graph, x as Value, (tensor, repeats) => {
    const axes = params.axis.filter((axis) => !repeats[axis]);
    if (axes.length === 0) return tensor;
    const bounds = [axes.map(() => -1), axes.map(() => farthest), axes, axes.map(() => -1)];
    const inputs = [tensor, ...bounds.map((values) => graph.int64(values))];
    return graph.node("Slice", inputs, tensor.type, tensor.shape);
  });

export const shrink: Lowering<"shrink"> = ({ graph }, [x], { params, outputs }) =>
  throughStored(
    graph,
    x as Value,
    (tensor, repeats) => {
      const axes = tensor.shape.flatMap((size, axis) => {
        const [start, end] = params.slice[axis] as readonly [number, number];
        return repeats[axis] || (start === 0 && end === size) ? [] : [axis];
      });
      if (axes.length === 0) return tensor;
      return sliced(
        graph,
        tensor,
        axes.map((axis) => ({ axis, bounds: params.slice[axis] as readonly [number, number] })),
      );
    },
    outputs[0]?.shape,
  );

function sliced(
  graph: GraphBuilder,
  tensor: GraphTensor,
  cuts: readonly { readonly axis: number; readonly bounds: readonly [number, number] }[],
): GraphTensor {
  const shape = [...tensor.shape];
  for (const { axis, bounds } of cuts) shape[axis] = bounds[1] - bounds[0];
  const starts = graph.int64(cuts.map(({ bounds }) => bounds[0]));
  const ends = graph.int64(cuts.map(({ bounds }) => bounds[1]));
  const axes = graph.int64(cuts.map(({ axis }) => axis));
  return graph.node("Slice", [tensor, starts, ends, axes], tensor.type, shape);
}

/** Apply `emit` to the tensor in logical order; axes that are only repeated stay so. */
function throughStored(
  graph: GraphBuilder,
  value: Value,
  emit: (tensor: GraphTensor, repeats: readonly boolean[]) => GraphTensor,
  shape: Shape = shapeOf(value),
): readonly Value[] {
  const tensor = stored(graph, value);
  const logical = shapeOf(value);
  const repeats = tensor.shape.map((size, axis) => size === 1 && logical[axis] !== 1);
  return [broadcasted(view(emit(tensor, repeats)), shape, [])];
}

/** Zeros before and after each axis. */
export const pad: Lowering<"pad"> = ({ graph }, [x], { params, outputs }) => {
  const tensor = materialized(graph, x as Value);
  if (tensor.shape.length === 0) return [x as Value];
  const widths = [...params.width.map(([before]) => before), ...params.width.map(([, end]) => end)];
  const inner = tensor.type === "bool" || tensor.type === "uint32" ? "int32" : tensor.type;
  const zero = graph.scalar(inner as DType, 0);
  const shape = outputs[0]?.shape as Shape;
  const inputs = [graph.cast(tensor, inner), graph.int64(widths), zero];
  return [view(graph.cast(graph.node("Pad", inputs, inner, shape), tensor.type))];
};

export const concatenate: Lowering<"concatenate"> = ({ graph }, inputs, { params, outputs }) => {
  const tensors = inputs.map((input) => materialized(graph, input));
  const type = (tensors[0] as GraphTensor).type;
  const attributes = { axis: params.axis };
  return [view(graph.node("Concat", tensors, type, outputs[0]?.shape as Shape, { attributes }))];
};

export const split: Lowering<"split"> = ({ graph }, [x], { params, outputs }) => {
  const tensor = materialized(graph, x as Value);
  const parts = graph.nodes(
    "Split",
    [tensor, graph.int64(params.sizes)],
    outputs.map(({ shape }) => ({ type: tensor.type, shape })),
    { attributes: { axis: params.axis } },
  );
  return parts.map(view);
};
