import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { entryFiles } from "../../scripts/reference/surface.ts";
import { repository, sourceFolder } from "./support/sources.ts";

type Kind = "class" | "const" | "function" | "interface" | "type";

const kinds: readonly (readonly [ts.SymbolFlags, Kind])[] = [
  [ts.SymbolFlags.Class, "class"],
  [ts.SymbolFlags.Function, "function"],
  [ts.SymbolFlags.Interface, "interface"],
  [ts.SymbolFlags.TypeAlias, "type"],
  [ts.SymbolFlags.Variable | ts.SymbolFlags.NamespaceModule | ts.SymbolFlags.ValueModule, "const"],
];

function kindOf(symbol: ts.Symbol, checker: ts.TypeChecker): Kind {
  const target =
    (symbol.flags & ts.SymbolFlags.Alias) !== 0 ? checker.getAliasedSymbol(symbol) : symbol;
  const kind = kinds.find(([flag]) => (target.flags & flag) !== 0)?.[1];
  if (kind === undefined) throw new Error(`${symbol.name}: no kind for flags ${target.flags}`);
  return kind;
}

function compilerOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(join(repository, "tsconfig.base.json"), ts.sys.readFile);
  const parsed = ts.parseJsonConfigFileContent(config, ts.sys, repository, { noEmit: true });
  return { ...parsed.options, types: ["node"], lib: ["lib.esnext.d.ts", "lib.dom.d.ts"] };
}

/** `subpath: kind name` of everything each entry file exports, sorted. */
function surface(entries: Readonly<Record<string, string>>, host?: ts.CompilerHost): string {
  const program = ts.createProgram(Object.values(entries), compilerOptions(), host);
  const checker = program.getTypeChecker();
  return Object.entries(entries)
    .map(([subpath, path]) => {
      const source = program.getSourceFile(path);
      const module = source && checker.getSymbolAtLocation(source);
      if (module === undefined) throw new Error(`${path} exports nothing`);
      const names = checker.getExportsOfModule(module).map((symbol) => {
        return `  ${kindOf(symbol, checker)} ${symbol.name}`;
      });
      return [subpath, ...names.sort()].join("\n");
    })
    .join("\n\n");
}

describe("the public surface", () => {
  it("is the committed list; review each change of it", async () => {
    await expect(`${surface(entryFiles())}\n`).toMatchFileSnapshot("public-api.txt");
  });

  it("would show a planted export, whatever its kind", () => {
    const entry = join(sourceFolder, "planted/index.ts");
    const files: Record<string, string> = {
      [entry]: `export { nd as made, type NdArray } from "../core/nd.ts";
export const a = 1;
export class B {}
export type C = 1;
export function d(): void {}
export * as e from "../core/dims.ts";
`,
    };
    const host = ts.createCompilerHost(compilerOptions());
    const { fileExists, getSourceFile } = host;
    host.fileExists = (path) => path in files || fileExists(path);
    host.getSourceFile = (path, ...rest) => {
      const text = files[path];
      return text === undefined
        ? getSourceFile(path, ...rest)
        : ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
    };
    expect(surface({ "tinylens/planted": entry }, host)).toBe(
      [
        "tinylens/planted",
        "  class B",
        "  const a",
        "  const e",
        "  function d",
        "  function made",
        "  interface NdArray",
        "  type C",
      ].join("\n"),
    );
  });
});
