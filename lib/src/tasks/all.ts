/** Every task, by the name it is exported under. */

export { modularArithmetic } from "./modular-arithmetic/index.ts";
