/** The stack of open scopes and transformations: which of them frees which tensor. */

import { type Box, freeBox, type Owner } from "./memory.ts";

interface Level extends Owner {
  /** A transformation's own level: frees its tracers only and hands arrays to the outer level. */
  readonly tracersOnly: boolean;
}

const stack: Level[] = [];

/** The innermost open level. */
export function currentOwner(): Owner | undefined {
  return stack.at(-1);
}

export function open(tracersOnly: boolean): Owner {
  const level: Level = { boxes: new Set(), tracersOnly };
  stack.push(level);
  return level;
}

export function close(level: Owner): void {
  const at = stack.indexOf(level as Level);
  if (at < 0) return;
  const [closed] = stack.splice(at, 1);
  for (const box of [...level.boxes]) {
    if (closed?.tracersOnly && box.concrete) give(box, stack[at - 1]);
    else freeBox(box);
  }
}

/** Move a box out of `level`, if it is there, to the level around it. */
export function moveOut(box: Box, level: Owner): void {
  if (box.owner === level) give(box, stack[stack.indexOf(level as Level) - 1]);
}

function give(box: Box, owner: Owner | undefined): void {
  box.owner?.boxes.delete(box);
  box.owner = owner;
  owner?.boxes.add(box);
}
