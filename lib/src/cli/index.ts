/** The command line as a function. */

export type { Context, Named, Output } from "./context.ts";
export { main } from "./main.ts";
