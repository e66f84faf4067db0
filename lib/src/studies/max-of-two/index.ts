/** Max of two: an attention head groks which of two numbers is larger, and proofs that it did. */

export { maxOfTwo } from "./article.ts";
