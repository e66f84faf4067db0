/** Interchange of carries: what heads give is taken from questions with another carry. */

import { argmax, expandDims, scope, type Tensor, tensor } from "../../arrays/index.ts";
import { type NdArray, nd } from "../../core/nd.ts";
import type { AnyModel, Subject } from "../../lab/index.ts";
import { TorchGenerator } from "../../rng/index.ts";
import { drawAdditions, questions, sumColumns } from "../../tasks/index.ts";
import type { Examples } from "../../tasks/task.ts";
import { answered, answers, digitsOf } from "./measure.ts";

/** When the text of this module changes, everything is measured again. */
export const measurements = import.meta.url;

/** What heads give, "batch pos head d_head". */
function headOutputs(model: AnyModel, tokens: Tensor) {
  return { z: model.runWithCache(tokens).cache.get("z", 0) };
}

/** Logits of the digits with `z` in place of what heads give where `chosen` "pos head" is 1. */
function exchanged(model: AnyModel, tokens: Tensor, z: Tensor, chosen: Tensor) {
  const [first, end] = answered(model);
  const hook = (x: Tensor): Tensor => x.add(z.sub(x).mul(expandDims(chosen, -1)));
  const logits = model.runWithHooks(tokens, [["blocks.0.attn.hook_z", hook]]);
  return { logits: logits.at([], [first, end]) };
}

/**
 * Interchange of carries. For each digit above the units every question gets a partner that differs
 * in the column to its right alone: that column makes a carry in one of the two. What heads give where
 * the digit is predicted is taken from the partner; the share of questions whose digit then is the
 * partner's, one more or one less: "head digit", the last row for all heads together; and the same
 * share with nothing exchanged, "digit".
 */
export async function carryExchange({ model, run }: Subject) {
  const digits = digitsOf(model.config);
  const heads = model.config.nHeads as number;
  const rng = new TorchGenerator(3);
  const { tokens } = drawAdditions({ digits }, rng, 256);
  const length = tokens.shape[1] as number;
  const [first] = answered(model);
  const byDigit: { readonly own: readonly number[]; readonly usual: number }[] = [];
  for (let place = 0; place < digits; place++) {
    const partner = otherCarry(tokens, place, rng);
    const { z } = await run(headOutputs, partner.tokens);
    const share = ({ logits }: { readonly logits: NdArray }): number => {
      using _ = scope();
      const got = argmax(tensor(logits).at([], place), -1);
      const wanted = tensor(partner.labels).at([], place);
      return got.equal(wanted).astype("float32").mean().item();
    };
    const own: number[] = [];
    for (let which = 0; which <= heads; which++) {
      const chosen = Float32Array.from({ length: length * heads }, (_, i) =>
        Number(Math.floor(i / heads) === first + place && [i % heads, heads].includes(which)),
      );
      own.push(share(await run(exchanged, tokens, z, nd("float32", [length, heads], chosen))));
    }
    byDigit.push({ own, usual: share(await run(answers, tokens)) });
  }
  const every = Array.from({ length: heads + 1 }, (_, head) => head);
  return {
    exchange: every.map((head) => byDigit.map(({ own }) => own[head] as number)),
    usual: byDigit.map(({ usual }) => usual),
  };
}
export type CarryExchange = Awaited<ReturnType<typeof carryExchange>>;

/** The questions with other digits in one column, so that it makes a carry where it did not, or none. */
function otherCarry({ shape, data }: NdArray, column: number, rng: TorchGenerator): Examples {
  const [count, length] = shape as [number, number];
  const digits = (length - 3) / 3;
  const { makeCarry1, useCarry1 } = sumColumns({ tokens: nd("int32", shape, data) });
  const rowsFrom = (start: number) =>
    Int32Array.from({ length: count * digits }, (_, i) => {
      return data[Math.floor(i / digits) * length + start + (i % digits)] as number;
    });
  const [x, y] = [rowsFrom(0), rowsFrom(digits + 1)];
  for (let at = column; at < count * digits; at += digits) {
    const carries = () => Number(x[at]) + Number(y[at]) + Number(useCarry1[at]) >= 10;
    while (carries() === (makeCarry1[at] === 1)) {
      x.set(rng.randint(0, 10, 1), at);
      y.set(rng.randint(0, 10, 1), at);
    }
  }
  return questions(digits, x, y);
}
