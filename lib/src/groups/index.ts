/** Finite groups: multiplication tables, elements, permutations in SymPy's order. */

import "../core/runtime.ts";

export { groupByName, groupNameProblem, LARGEST_ORDER } from "./by-name.ts";
export {
  conjugacyClasses,
  elementOrder,
  type Family,
  type FiniteGroup,
  multiply,
} from "./group.ts";
export {
  alternatingGroup,
  cyclicGroup,
  dihedralGroup,
  directProduct,
  symmetricGroup,
} from "./named.ts";
export {
  cycleNotation,
  cyclesOf,
  identityPermutation,
  inversePermutation,
  type Permutation,
  samePermutation,
  signature,
  thenApply,
} from "./permutation.ts";
export {
  elementsInOrder,
  type StabilizerChain,
  schreierSims,
  type Transversal,
} from "./schreier-sims.ts";
