/** The command line as a function. */

import "../core/runtime.ts";

export type { Context, Named, Output } from "./context.ts";
export { main } from "./main.ts";
