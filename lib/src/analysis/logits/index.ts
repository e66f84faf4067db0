export { accuracy, crossEntropy, rowLoss } from "./cross-entropy.ts";
export type { NeuronInputWeights } from "./maps.ts";
export { neuronInputMap, neuronLogitMap } from "./maps.ts";
export type { LogitCosines } from "./sums.ts";
export { logitCosines, logitsBySum } from "./sums.ts";
