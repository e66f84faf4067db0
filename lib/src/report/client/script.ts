/** The page's script: the text of the functions in this folder. */

import { controlFunctions } from "./controls.ts";
import { csvFunctions } from "./csv.ts";
import { pageFunctions } from "./page.ts";

/** JavaScript for an inline `<script>`; holds no `</script`. */
export function pageScript(): string {
  const [csvOf] = csvFunctions;
  const [addControls] = controlFunctions;
  const [startPage] = pageFunctions;
  const functions = [...csvFunctions, ...controlFunctions, ...pageFunctions];
  const start = `${startPage.name}({ csvOf: ${csvOf.name}, addControls: ${addControls.name} });`;
  const source = [...functions.map(String), start].join("\n");
  return `(() => {\n"use strict";\n${source}\n})();`.replaceAll("</", "<\\/");
}
