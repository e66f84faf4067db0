/** The page's script: the text of the functions in this folder, and of one that reads a figure's texts. */

import { readableText } from "../../figures/text.ts";
import { controlFunctions } from "./controls.ts";
import { csvFunctions } from "./csv.ts";
import { pageFunctions } from "./page.ts";

/** JavaScript for an inline `<script>`; holds no `</script`. */
export function pageScript(): string {
  const [csvOf] = csvFunctions;
  const [addControls] = controlFunctions;
  const [startPage] = pageFunctions;
  const functions = [readableText, ...csvFunctions, ...controlFunctions, ...pageFunctions];
  const parts = [
    `csvOf: ${csvOf.name}`,
    `addControls: ${addControls.name}`,
    `textOf: ${readableText.name}`,
  ];
  const start = `${startPage.name}({ ${parts.join(", ")} });`;
  const source = [...functions.map(String), start].join("\n");
  return `(() => {\n"use strict";\n${source}\n})();`.replaceAll("</", "<\\/");
}
