/** Reports: one HTML file without network access. `report/node.ts` reads the Plotly bundle. */

export { renderReport } from "./render.ts";
export type {
  ParamFact,
  Prose,
  ReportFigure,
  ReportInput,
  ReportSection,
  RunFacts,
} from "./report.ts";
