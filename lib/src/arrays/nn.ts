/** Functions of neural networks. */

import { checkOptions } from "../core/options.ts";
import { toFloat } from "./dtype.ts";
import { exp, log, maximum, stopGradient } from "./elementwise.ts";
import { tidy } from "./scope.ts";
import { squeeze } from "./shape-ops.ts";
import type { Axis, ReduceOptions, Tensor } from "./tensor.ts";

/** max(0, x). Its gradient at 0 is 0, as in PyTorch. */
export function relu(x: Tensor): Tensor {
  return maximum(0, x);
}

/** x minus its maximum along the axis, which is treated as a constant. */
function shifted(x: Tensor, axis: Axis): { readonly centered: Tensor; readonly peak: Tensor } {
  const real = x.astype(toFloat(x.dtype));
  const peak = stopGradient(real.max(axis, { keepdims: true }));
  return { centered: real.sub(peak), peak };
}

/** exp(x) / sum(exp(x)) along an axis. */
export function softmax(x: Tensor, axis: Axis = -1): Tensor {
  return tidy(() => {
    const weights = exp(shifted(x, axis).centered);
    return weights.div(weights.sum(axis, { keepdims: true }));
  });
}

/** log(softmax(x)) along an axis. */
export function logSoftmax(x: Tensor, axis: Axis = -1): Tensor {
  return tidy(() => {
    const { centered } = shifted(x, axis);
    return centered.sub(log(exp(centered).sum(axis, { keepdims: true })));
  });
}

/** log(sum(exp(x))) along axes; over all of them by default. */
export function logsumexp(x: Tensor, axis?: Axis, options: ReduceOptions = {}): Tensor {
  checkOptions("logsumexp", options, { keepdims: true });
  return tidy(() => {
    const axes = axis ?? x.shape.map((_, i) => i);
    const { centered, peak } = shifted(x, axes);
    const result = log(exp(centered).sum(axes, { keepdims: true })).add(peak);
    return options.keepdims ? result : squeeze(result, axes);
  });
}
