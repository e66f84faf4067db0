import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { entryFiles } from "../../scripts/reference/surface.ts";
import { init, tensor } from "../src/arrays/index.ts";
import { type OptionsArgument, optionsArguments } from "./support/options-surface.ts";
import { sourceFolder } from "./support/sources.ts";

const unknown = "noSuchOption";

/** Stands for every other argument: whatever is asked of it, it is there. */
const anything: unknown = new Proxy(() => undefined, {
  apply: () => anything,
  get: (_, name) => {
    if (name === "then") return undefined;
    return name === Symbol.toPrimitive ? () => "anything" : anything;
  },
});

/** What a function says to an option that it does not have. */
async function answerTo(asked: OptionsArgument): Promise<string> {
  const { subpath, path, construct, index } = asked;
  const exported: unknown = await import(entryFiles()[subpath] as string);
  const owner = path.slice(0, -1).reduce<unknown>(member, exported);
  const called = member(owner, path.at(-1) as string) as () => unknown;
  const before = Array.from({ length: index }, (_, i) => (isOptions(asked, i) ? {} : anything));
  const given = [...before, { [unknown]: 1 }];
  try {
    const answer: unknown = construct
      ? Reflect.construct(called, given)
      : Reflect.apply(called, path.includes("prototype") ? instanceOf(owner) : owner, given);
    await answer;
    if (isGenerator(answer)) await answer.next();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return "nothing";
}

/** Parameters and views of studies are not options: their strict schemas have checked them before. */
const all = optionsArguments().filter(({ subpath }) => subpath !== "tinylens/studies");

/** Whether another argument of the same function has options too. */
const isOptions = ({ subpath, path }: OptionsArgument, index: number): boolean =>
  all.some(
    (one) => one.subpath === subpath && one.path.join() === path.join() && one.index === index,
  );

const member = (of: unknown, name: string): unknown => Reflect.get(of as object, name);

const instanceOf = (prototype: unknown): unknown =>
  Object.hasOwn(prototype as object, "matmul") ? tensor([1]) : Object.create(prototype as object);

const isGenerator = (value: unknown): value is AsyncGenerator =>
  typeof value === "object" && value !== null && Symbol.asyncIterator in value;

describe("unknown options", () => {
  beforeAll(async () => {
    await init();
  });

  it("are looked for in every function that has options", () => {
    expect(all.length).toBeGreaterThan(150);
  });

  it("would be looked for in a planted function, method and class", () => {
    const entry = join(sourceFolder, "planted/index.ts");
    const text = `export interface Choice { readonly a?: number }
export function one(x: number, options: Choice): void {}
export const two = { draw(data: { readonly z: number; readonly title?: string }): void {} };
export class Three { constructor(options: Choice) {} four({ a }: Choice = {}): void {} }
export function five(x: readonly Choice[], y: { readonly b: number }): void {}
`;
    const found = optionsArguments({ "tinylens/planted": entry }, { [entry]: text });
    expect(found.map(({ path, index }) => [...path, index])).toEqual([
      ["one", 1],
      ["two", "draw", 0],
      ["Three", 0],
      ["Three", "prototype", "four", 0],
    ]);
  });

  it.each(all.map((one) => ({ ...one, name: `${one.subpath} ${one.path.join(".")}` })))(
    "are refused by $name: $type",
    async (argument) => {
      expect(await answerTo(argument)).toMatch(new RegExp(`unknown .*"${unknown}"`));
    },
  );
});
