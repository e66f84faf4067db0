/** Every study: a new one is a folder and a line here. */

export { modularAddition } from "./modular-addition/index.ts";
