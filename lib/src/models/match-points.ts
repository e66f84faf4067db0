import { InputError, UnknownNameError } from "../core/errors.ts";
import { canonicalName } from "./act-name.ts";
import type { Point } from "./model.ts";
import type { HookNameInput } from "./names.ts";
import { everywhere, type Reach } from "./reach.ts";

/** One hook point by name, several, or every point of which the predicate is true. */
export type Names = HookNameInput | readonly HookNameInput[] | ((name: string) => boolean);

/**
 * The names that `names` means, in the spelling of the points; names of TransformerBridge are
 * accepted.
 * @throws UnknownNameError or InputError when one of them does not fire, or lies out of `reach`.
 */
export function matchPoints(
  where: string,
  points: readonly Point[],
  names: Names,
  reach: Reach = everywhere,
): readonly string[] {
  const firing = points.filter((p) => p.fires).map((p) => p.name);
  if (typeof names === "function") {
    const matching = firing.filter(names);
    const found = matching.filter((name) => reach(name) === undefined);
    if (found.length > 0) return found;
    if (matching[0] !== undefined) throw unreached(where, matching[0], reach(matching[0]));
    const silent = points.find((p) => !p.fires && names(p.name));
    if (silent !== undefined) throw silentPoint(where, silent);
    throw new InputError(
      `${where}: the predicate matches none of the ${firing.length} hook points, ` +
        `which are ${firing.slice(0, 3).join(", ")} … ${firing.at(-1)}`,
    );
  }
  const asked = typeof names === "string" ? [names] : names;
  if (!Array.isArray(asked) || !asked.every((name) => typeof name === "string")) {
    throw new InputError(
      `${where}: names must be a name, a list of names or a function of a name, got ${asked}`,
    );
  }
  const list = asked.map((name) =>
    canonicalName(name, (point) => points.some((p) => p.name === point)),
  );
  for (const name of list) {
    if (firing.includes(name)) {
      const why = reach(name);
      if (why === undefined) continue;
      throw unreached(where, name, why);
    }
    const silent = points.find((p) => p.name === name);
    if (silent !== undefined) throw silentPoint(where, silent);
    throw new UnknownNameError(where, "hook point", name, firing);
  }
  return list;
}

function unreached(where: string, name: string, why: string | undefined): InputError {
  return new InputError(`${where}: hook point "${name}" does not fire ${why}`);
}

function silentPoint(where: string, { name, enabledBy }: Point): InputError {
  return new InputError(
    `${where}: hook point "${name}" does not fire; set ${enabledBy}: true in the configuration`,
  );
}
