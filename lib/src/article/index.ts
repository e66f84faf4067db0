/** Articles: blocks of prose, figures, findings and claims, in reading order. */

import "../core/runtime.ts";

export {
  type Block,
  claim,
  explore,
  figure,
  formula,
  metrics,
  prose,
  section,
  summary,
  type TableRow,
  table,
  type ViewValue,
} from "./block.ts";
export { type JudgedClaim, judge, type Reference, type Rule } from "./claim.ts";
export {
  aboveChance,
  behavior,
  type Finding,
  type FindingKind,
  headline,
  isMost,
  mechanism,
  type Sentence,
} from "./finding.ts";
export {
  type OnBlock,
  type Page,
  type PageItem,
  type PagePart,
  type PageSection,
  readArticle,
} from "./page.ts";
export { count, list, number, percent, plural } from "./words.ts";
