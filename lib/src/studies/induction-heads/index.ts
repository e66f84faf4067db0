/** Induction heads: two layers of attention learn to look up what followed a token before. */

export { inductionHeads } from "./article.ts";
