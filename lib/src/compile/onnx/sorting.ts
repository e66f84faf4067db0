/** Lowerings of `sort` and `argsort` along the last axis. */

import type { GraphBuilder, GraphTensor } from "./graph.ts";
import type { Value } from "./layout.ts";
import { materialized, view } from "./layout.ts";
import type { Lowering } from "./lowering.ts";

/** Ascending values and their places; equal values keep their order. */
function ascending(graph: GraphBuilder, x: Value): readonly [GraphTensor, GraphTensor] {
  const tensor = materialized(graph, x);
  const inner = tensor.type === "bool" || tensor.type === "uint32" ? "int64" : tensor.type;
  const length = tensor.shape.at(-1) as number;
  const [values, places] = graph.nodes(
    "TopK",
    [graph.cast(tensor, inner), graph.int64([length])],
    [
      { type: inner, shape: tensor.shape },
      { type: "int64", shape: tensor.shape },
    ],
    { attributes: { axis: -1, largest: 0, sorted: 1 } },
  ) as [GraphTensor, GraphTensor];
  return [graph.cast(values, tensor.type), graph.cast(places, "int32")];
}

export const sort: Lowering<"sort"> = ({ graph }, [x]) => [view(ascending(graph, x as Value)[0])];

export const argsort: Lowering<"argsort"> = ({ graph }, [x]) =>
  ascending(graph, x as Value).map(view);
