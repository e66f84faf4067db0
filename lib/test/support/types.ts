/** Types of programs in documents. */

import { basename, join } from "node:path";
import ts from "typescript";
import { repository } from "./sources.ts";

/** What the compiler says about programs that are not on disk. */
export function typeErrors(files: Readonly<Record<string, string>>): string[] {
  const { config } = ts.readConfigFile(join(repository, "tsconfig.base.json"), ts.sys.readFile);
  const base = ts.parseJsonConfigFileContent(config, ts.sys, repository, { noEmit: true });
  const options = {
    ...base.options,
    types: ["node"],
    lib: ["lib.esnext.d.ts", "lib.dom.d.ts", "lib.dom.asynciterable.d.ts"],
    noUnusedLocals: false,
  };
  const esModule = {
    languageVersion: ts.ScriptTarget.Latest,
    impliedNodeFormat: ts.ModuleKind.ESNext,
  } as const;
  const host = ts.createCompilerHost(options);
  const { fileExists, getSourceFile } = host;
  host.fileExists = (path) => path in files || fileExists(path);
  host.getSourceFile = (path, ...rest) => {
    const text = files[path];
    return text === undefined
      ? getSourceFile(path, ...rest)
      : ts.createSourceFile(path, text, esModule, true);
  };
  const program = ts.createProgram(Object.keys(files), options, host);
  return Object.keys(files).flatMap((path) => {
    const diagnostics = ts.getPreEmitDiagnostics(program, program.getSourceFile(path));
    return diagnostics.map(
      ({ messageText }) =>
        `${basename(path)}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`,
    );
  });
}
