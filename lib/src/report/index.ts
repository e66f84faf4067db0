/** Reports: one HTML file without network access. `tinylens/report/node` reads the Plotly bundle. */

import "../core/runtime.ts";

export { type FigurePageOptions, figurePage } from "./figure-page.ts";
export { renderReport } from "./render.ts";
export type {
  ParamFact,
  Prose,
  ReportFigure,
  ReportInput,
  ReportSection,
  RunFacts,
} from "./report.ts";
