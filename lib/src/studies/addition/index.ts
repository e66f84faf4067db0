/** Addition: a one-layer transformer learns to add 5-digit numbers, one sub-task after another. */

export { additionStudy } from "./article.ts";
