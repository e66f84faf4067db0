/** Every command, in the order of the help. One line registers one. */

export { analyze } from "./analyze.ts";
export { bench } from "./bench.ts";
export { convert } from "./convert.ts";
export { doctor } from "./doctor.ts";
export { list } from "./list.ts";
export { newStudy } from "./new.ts";
export { report } from "./report.ts";
export { run } from "./run.ts";
export { runs } from "./runs.ts";
