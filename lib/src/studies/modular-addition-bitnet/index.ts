/** Modular addition with binary weights: does a one-bit network run the same Fourier algorithm? */

export { modularAdditionBitnet } from "./article.ts";
