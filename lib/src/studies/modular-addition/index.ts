/** Modular addition: a one-layer transformer groks a + b mod p with trigonometry. */

export { modularAddition } from "./article.ts";
