/** Group composition: networks learn ab with the representations of the group. */

export { groupComposition } from "./article.ts";
