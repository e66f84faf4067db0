/** Every study: a new one is a folder and a line here. */

export { additionStudy as addition } from "./addition/index.ts";
export { groupComposition } from "./group-composition/index.ts";
export { inductionHeads } from "./induction-heads/index.ts";
export { maxOfFour } from "./max-of-four/index.ts";
export { maxOfTwo } from "./max-of-two/index.ts";
export { modularAddition } from "./modular-addition/index.ts";
export { modularAdditionBitnet } from "./modular-addition-bitnet/index.ts";
export { skipTrigram } from "./skip-trigram/index.ts";
