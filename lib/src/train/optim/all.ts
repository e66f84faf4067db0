/** Every optimizer. One line registers one. */

export { adam } from "./adam.ts";
export { adamw } from "./adamw.ts";
export { sgd } from "./sgd.ts";
