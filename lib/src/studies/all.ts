/** Every study: a new one is a folder and a line here. */

export { modularAddition } from "./modular-addition/index.ts";
export { modularAdditionBitnet } from "./modular-addition-bitnet/index.ts";
