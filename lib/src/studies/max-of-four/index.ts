/** Max of four: compact proofs on the published models' task, over any number of seeds. */

export { maxOfFour } from "./article.ts";
