import { erf, relu, sigmoid, softmax, type Tensor, tanh } from "../../arrays/index.ts";
import type { ActFn } from "../hooked-transformer/config.ts";

/** 0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³))), Hendrycks and Gimpel 2016. */
function geluTanh(rootTwoOverPi: number): (x: Tensor) => Tensor {
  return (x) => {
    const inner = x.mul(x).mul(0.044715).add(1).mul(x).mul(rootTwoOverPi);
    return x.mul(0.5).mul(tanh(inner).add(1));
  };
}

/** x softmax(x) over neurons, Elhage et al. 2022. */
function solu(x: Tensor): Tensor {
  return x.mul(softmax(x, -1));
}

/**
 * TransformerLens's activation functions of "… d_mlp". `solu_ln` is solu here; the LayerNorm
 * after it belongs to the MLP.
 */
export const activations: { readonly [F in ActFn]: (x: Tensor) => Tensor } = {
  relu: (x) => relu(x),
  gelu: (x) => x.mul(0.5).mul(erf(x.mul(Math.SQRT1_2)).add(1)),
  gelu_new: geluTanh(Math.sqrt(2 / Math.PI)),
  gelu_fast: geluTanh(0.7978845608),
  gelu_pytorch_tanh: geluTanh(Math.sqrt(2 / Math.PI)),
  silu: (x) => x.mul(sigmoid(x)),
  solu,
  solu_ln: solu,
};
