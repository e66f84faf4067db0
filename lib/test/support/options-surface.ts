import ts from "typescript";
import { entryFiles, programOf } from "../../../scripts/reference/surface.ts";

/** An argument of an exported function that is written by hand as an object of named choices. */
export interface OptionsArgument {
  /** `tinylens/analysis`. */
  readonly subpath: string;
  /** Names from the export on: `["HookedModel", "prototype", "forward"]`. */
  readonly path: readonly string[];
  /** Its type is a class, called with `new`. */
  readonly construct: boolean;
  /** Its place among the arguments. */
  readonly index: number;
  readonly type: string;
}

/** Types that the library makes, or checks before: what a caller hands on rather than writes. */
const handedOn = new Set(
  "AdamOptions AdamWOptions AnyPlan Examples Model ModelFile NdArray PatchResult PlotlyFigure".split(
    " ",
  ),
);
for (const name of ["ModelSource", "Representation", "SgdOptions", "Study", "TrainingPlan"])
  handedOn.add(name);

/** Every argument with options of what the entry files export. */
export function optionsArguments(
  entries: Readonly<Record<string, string>> = entryFiles(),
  planted: Readonly<Record<string, string>> = {},
): readonly OptionsArgument[] {
  const program = programOf(Object.values(entries), planted);
  const checker = program.getTypeChecker();
  const found = new Map<string, OptionsArgument>();
  for (const [subpath, entry] of Object.entries(entries)) {
    const source = program.getSourceFile(entry);
    const module = source && checker.getSymbolAtLocation(source);
    if (module === undefined) throw new Error(`${entry} exports nothing`);
    for (const { path, type } of checker.getExportsOfModule(module).flatMap(callable(checker))) {
      for (const one of argumentsOf(checker, type)) {
        found.set(`${subpath} ${path.join(".")} ${one.index}`, { subpath, path, ...one });
      }
    }
  }
  return [...found.values()];
}

interface Place {
  readonly path: readonly string[];
  readonly type: ts.Type;
}

/** The export itself, and the methods of a class or of an object of functions. */
function callable(checker: ts.TypeChecker): (symbol: ts.Symbol) => Place[] {
  return (symbol) => {
    if (symbol.declarations?.some(ts.isTypeOnlyExportDeclaration)) return [];
    const alias = (symbol.flags & ts.SymbolFlags.Alias) !== 0;
    const target = alias ? checker.getAliasedSymbol(symbol) : symbol;
    if ((target.flags & ts.SymbolFlags.Value) === 0) return [];
    const type = checker.getTypeOfSymbol(target);
    const members = (path: readonly string[], of: ts.Type): Place[] =>
      of
        .getProperties()
        .filter((one) => !one.name.includes("#") && !inherited(one))
        .map((one) => ({ path: [...path, one.name], type: checker.getTypeOfSymbol(one) }));
    const own: Place = { path: [symbol.name], type };
    if ((target.flags & ts.SymbolFlags.Class) !== 0) {
      const instance = checker.getDeclaredTypeOfSymbol(target);
      const methods = members([symbol.name, "prototype"], instance);
      return [own, ...members([symbol.name], type), ...methods];
    }
    return type.getCallSignatures().length > 0 ? [own] : [own, ...members([symbol.name], type)];
  };
}

/** Declared by another package, or by the language. */
function inherited(symbol: ts.Symbol): boolean {
  const file = symbol.declarations?.[0]?.getSourceFile().fileName;
  return file === undefined || file.includes("node_modules");
}

type Argument = Pick<OptionsArgument, "construct" | "index" | "type">;

function argumentsOf(checker: ts.TypeChecker, type: ts.Type): Argument[] {
  const of = (construct: boolean) => (signature: ts.Signature) =>
    signature.parameters.flatMap((parameter, index) =>
      isOptions(checker, parameter)
        ? [{ construct, index, type: checker.typeToString(checker.getTypeOfSymbol(parameter)) }]
        : [],
    );
  return [
    ...type.getCallSignatures().flatMap(of(false)),
    ...type.getConstructSignatures().flatMap(of(true)),
  ];
}

/** An object type of which some field, or which itself, can be left out. */
function isOptions(checker: ts.TypeChecker, parameter: ts.Symbol): boolean {
  const declared = parameter.valueDeclaration;
  if (declared === undefined || !ts.isParameter(declared) || declared.dotDotDotToken) return false;
  const type = checker.getNonNullableType(checker.getTypeOfSymbol(parameter));
  const optional = declared.questionToken !== undefined || declared.initializer !== undefined;
  const named = parameter.name === "options";
  return (type.isUnion() ? type.types : [type]).some((member) => {
    const name = (member.aliasSymbol ?? member.getSymbol())?.name ?? "";
    if (!isPlainObject(checker, member) || handedOn.has(name)) return false;
    const properties = checker.getPropertiesOfType(member);
    const some = properties.some((one) => (one.flags & ts.SymbolFlags.Optional) !== 0);
    return (
      properties.length > 0 && !inherited(properties[0] as ts.Symbol) && (optional || named || some)
    );
  });
}

/** Neither a class, a function, a list nor a table of any names. */
function isPlainObject(checker: ts.TypeChecker, type: ts.Type): boolean {
  if ((type.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection)) === 0) return false;
  if (((type.getSymbol()?.flags ?? 0) & ts.SymbolFlags.Class) !== 0) return false;
  if (type.getCallSignatures().length + type.getConstructSignatures().length > 0) return false;
  if (checker.isArrayType(type) || checker.isTupleType(type)) return false;
  return type.getStringIndexType() === undefined && type.getNumberIndexType() === undefined;
}
