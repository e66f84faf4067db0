/** What the package exports, read with the TypeScript compiler: declarations and doc comments. */

import { existsSync, readdirSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import ts from "typescript";

export const root = resolve(import.meta.dirname, "../..");
const sources = join(root, "lib/src");

export type Kind = "class" | "const" | "function" | "interface" | "namespace" | "type";

/** One export of a subpath. */
export interface Export {
  readonly name: string;
  readonly kind: Kind;
  /** Text of its doc comment; empty when it has none. */
  readonly doc: string;
  /** What the comment says it throws. */
  readonly throws: readonly string[];
  /** Declarations without bodies, as in a `.d.ts` file. */
  readonly declaration: string;
}

/** One public subpath. */
export interface Subpath {
  /** `tinylens`, `tinylens/core`, `tinylens/compile/backends/native`. */
  readonly name: string;
  /** Path of its entry file on disk. */
  readonly entry: string;
  /** The comment at the head of the entry file. */
  readonly doc: string;
  readonly exports: readonly Export[];
}

/** Entry files by subpath: `index.ts` of the library, of its folders, of the analyses, of the back ends and of `report/node`. */
export function entryFiles(): Readonly<Record<string, string>> {
  const folders = ["."];
  for (const above of ["", "analysis", "compile/backends", "report"]) {
    const entries = readdirSync(join(sources, above), { withFileTypes: true });
    folders.push(
      ...entries.filter((one) => one.isDirectory()).map(({ name }) => join(above, name)),
    );
  }
  return Object.fromEntries(
    folders
      .map((folder) => [nameOf(folder), join(sources, folder, "index.ts")] as const)
      .filter(([, path]) => existsSync(path))
      .sort(([a], [b]) => a.localeCompare(b)),
  );
}

function nameOf(folder: string): string {
  return folder === "." ? "tinylens" : `tinylens/${folder.split(sep).join("/")}`;
}

function compilerOptions(): ts.CompilerOptions {
  const path = join(root, "tsconfig.json");
  const { config } = ts.readConfigFile(path, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  return {
    ...options,
    noEmit: false,
    incremental: false,
    declaration: true,
    emitDeclarationOnly: true,
    outDir: join(root, "declarations"),
  };
}

/** The program over entry files; `planted` are files that are not on disk. */
export function programOf(
  entries: readonly string[],
  planted: Readonly<Record<string, string>> = {},
): ts.Program {
  const options = compilerOptions();
  delete options.tsBuildInfoFile;
  const host = ts.createCompilerHost(options);
  const { fileExists, getSourceFile } = host;
  host.fileExists = (path) => path in planted || fileExists(path);
  host.getSourceFile = (path, ...rest) => {
    const text = planted[path];
    return text === undefined
      ? getSourceFile(path, ...rest)
      : ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  };
  return ts.createProgram(entries, options, host);
}

/** The public surface of the entry files given, sorted by subpath and name. */
export function surfaceOf(
  entries: Readonly<Record<string, string>>,
  program = programOf(Object.values(entries)),
): readonly Subpath[] {
  const checker = program.getTypeChecker();
  const declared = declarations(program);
  return Object.entries(entries).map(([name, entry]) => {
    const source = program.getSourceFile(entry);
    const module = source && checker.getSymbolAtLocation(source);
    if (source === undefined || module === undefined) throw new Error(`${entry} exports nothing`);
    const exports = checker
      .getExportsOfModule(module)
      .map((symbol) => describe(symbol, checker, declared))
      .sort((a, b) => a.name.localeCompare(b.name));
    return { name, entry, doc: headOf(source), exports };
  });
}

/** The comment that opens a file, as one paragraph. */
function headOf(source: ts.SourceFile): string {
  const [first] = ts.getLeadingCommentRanges(source.text, 0) ?? [];
  if (first === undefined) return "";
  const text = source.text.slice(first.pos, first.end);
  return text
    .replace(/^\/\*\*|\*\/$/g, "")
    .split("\n")
    .map((line) => line.replace(/^\s*\* ?/, "").trim())
    .join(" ")
    .trim();
}

/** Declaration files of a program, parsed, by the path of their source. */
function declarations(program: ts.Program): ReadonlyMap<string, ts.SourceFile> {
  const files = new Map<string, ts.SourceFile>();
  const keep: ts.WriteFileCallback = (path, text, _mark, _error, from) => {
    const source = from?.[0]?.fileName;
    if (source === undefined) return;
    files.set(source, ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true));
  };
  program.emit(undefined, keep, undefined, true);
  return files;
}

const kinds: readonly (readonly [ts.SymbolFlags, Kind])[] = [
  [ts.SymbolFlags.Class, "class"],
  [ts.SymbolFlags.Function, "function"],
  [ts.SymbolFlags.Interface, "interface"],
  [ts.SymbolFlags.TypeAlias, "type"],
  [ts.SymbolFlags.Variable, "const"],
  [ts.SymbolFlags.ValueModule, "namespace"],
];

function describe(
  symbol: ts.Symbol,
  checker: ts.TypeChecker,
  declared: ReadonlyMap<string, ts.SourceFile>,
): Export {
  const isAlias = (symbol.flags & ts.SymbolFlags.Alias) !== 0;
  const target = isAlias ? checker.getAliasedSymbol(symbol) : symbol;
  const kind = kinds.find(([flag]) => (target.flags & flag) !== 0)?.[1];
  if (kind === undefined) throw new Error(`${symbol.name}: no kind for flags ${target.flags}`);
  const tags = target.getJsDocTags(checker).filter(({ name }) => name === "throws");
  const name = symbol.name;
  return {
    name,
    kind,
    doc: docOf(target, kind, checker),
    throws: tags.map(({ text }) => ts.displayPartsToString(text).replace(/\s+/g, " ").trim()),
    declaration: kind === "namespace" ? `export * as ${name}` : textOf(target, name, declared),
  };
}

/** The doc comment; of a namespace the head of the file that it is. */
function docOf(target: ts.Symbol, kind: Kind, checker: ts.TypeChecker): string {
  const file = target.declarations?.[0];
  if (kind === "namespace" && file !== undefined) return headOf(file.getSourceFile());
  return ts.displayPartsToString(target.getDocumentationComment(checker)).trim();
}

/** Text of every declaration of a symbol under its exported name, without its doc comment. */
function textOf(
  target: ts.Symbol,
  name: string,
  declared: ReadonlyMap<string, ts.SourceFile>,
): string {
  const paths = new Set(target.declarations?.map((one) => one.getSourceFile().fileName));
  const statements = [...paths].flatMap((path) =>
    (declared.get(path)?.statements ?? []).filter((one) => declares(one, target.name)),
  );
  if (statements.length === 0) {
    throw new Error(`${name}: no declaration in ${[...paths].map((p) => relative(root, p))}`);
  }
  return statements
    .map((one) => one.getText().replace(/^export (declare )?/, ""))
    .map((text) => text.replace(/^( {4})+/gm, (indent) => " ".repeat(indent.length / 2)))
    .join("\n");
}

function declares(statement: ts.Statement, name: string): boolean {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.some((one) => one.name.getText() === name);
  }
  const named =
    ts.isFunctionDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement);
  return named && statement.name?.text === name;
}
