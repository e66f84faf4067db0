/**
 * Python's pickle format, protocols 0 to 5, without running anything: names in the file are looked
 * up by the caller, who decides what they stand for.
 * Source: CPython, Lib/pickle.py and Lib/pickletools.py.
 */

import { InputError } from "../../core/errors.ts";
import { type ByteReader, latin1 } from "../byte-reader.ts";
import { Machine, type PickleHost } from "./machine.ts";
import { parseFloatLine, parseInteger, parseLong, parseQuoted, parseUnicode } from "./text.ts";
import { PyTuple } from "./values.ts";

/** Read one pickle; the reader is left after its end. Throws `InputError` (opened by `where`). */
export function readPickle(where: string, reader: ByteReader, host: PickleHost): unknown {
  const machine = new Machine(where, host);
  for (;;) {
    const at = reader.at;
    const code = reader.uint8();
    if (code === STOP) return machine.pop();
    const step = steps.get(code);
    if (step === undefined) {
      throw new InputError(
        `${where}: opcode 0x${code.toString(16)} at byte ${at} is not supported, or the file is corrupt`,
      );
    }
    step(machine, reader);
  }
}

type Step = (machine: Machine, reader: ByteReader) => void;

const STOP = 0x2e;
const LATEST_PROTOCOL = 5;

function called(machine: Machine): void {
  const args = machine.pop();
  machine.call(machine.pop(), args);
}

function calledWithNamed(machine: Machine): void {
  const named = machine.pop();
  const args = machine.pop();
  machine.call(machine.pop(), args, named);
}

/** The form in which Python 2 pickled objects: a class and its arguments since the last mark. */
function instance(machine: Machine, reader: ByteReader): void {
  const args = machine.popMark();
  machine.global(reader.line(), reader.line());
  machine.call(machine.pop(), new PyTuple(args));
}

function object(machine: Machine): void {
  const [callee, ...args] = machine.popMark();
  machine.call(callee, new PyTuple(args));
}

function textLine(parse: (where: string, line: string) => unknown): Step {
  return (machine, reader) => machine.push(parse(machine.where, reader.line()));
}

function textInt(machine: Machine, reader: ByteReader): void {
  const line = reader.line();
  if (line === "00" || line === "01") machine.push(line === "01");
  else machine.push(parseInteger(machine.where, line));
}

function index(machine: Machine, line: string): number {
  const value = parseInteger(machine.where, line);
  if (typeof value === "bigint" || value < 0) throw machine.fail(`${line} is not an index`);
  return value;
}

function protocol(machine: Machine, reader: ByteReader): void {
  const version = reader.uint8();
  if (version > LATEST_PROTOCOL) {
    throw new InputError(
      `${machine.where}: pickle protocol ${version} is not supported; the latest known is ${LATEST_PROTOCOL}`,
    );
  }
}

function stackGlobal(machine: Machine): void {
  const name = machine.pop();
  machine.global(machine.pop(), name);
}

/** Opcode letters (those below 0x80 are ASCII) and what each does. */
const steps: ReadonlyMap<number, Step> = new Map<number, Step>([
  [0x80, protocol],
  [0x95, (_, r) => void r.skip(8)], // FRAME
  [0x28, (m) => m.mark()],
  [0x30, (m) => m.discard()],
  [0x31, (m) => void m.popMark()],
  [0x32, (m) => m.push(m.top())],
  // constants and numbers
  [0x4e, (m) => m.push(null)],
  [0x88, (m) => m.push(true)],
  [0x89, (m) => m.push(false)],
  [0x49, textInt],
  [0x4c, textLine(parseInteger)],
  [0x46, textLine(parseFloatLine)],
  [0x4a, (m, r) => m.push(r.int32())],
  [0x4b, (m, r) => m.push(r.uint8())],
  [0x4d, (m, r) => m.push(r.uint16())],
  [0x47, (m, r) => m.push(r.float64BigEndian())],
  [0x8a, (m, r) => m.push(parseLong(m.where, r.take(r.uint8())))],
  [0x8b, (m, r) => m.push(parseLong(m.where, r.take(r.int32())))],
  // text and bytes
  [0x53, textLine(parseQuoted)],
  [0x56, textLine(parseUnicode)],
  [0x54, (m, r) => m.push(latin1(r.take(r.int32())))],
  [0x55, (m, r) => m.push(latin1(r.take(r.uint8())))],
  [0x58, (m, r) => m.push(r.text(r.uint32()))],
  [0x8c, (m, r) => m.push(r.text(r.uint8()))],
  [0x8d, (m, r) => m.push(r.text(r.uint64()))],
  [0x42, (m, r) => m.push(r.take(r.uint32()))],
  [0x43, (m, r) => m.push(r.take(r.uint8()))],
  [0x8e, (m, r) => m.push(r.take(r.uint64()))],
  [0x96, (m, r) => m.push(r.take(r.uint64()))],
  // containers
  [0x5d, (m) => m.list()],
  [0x8f, (m) => m.list()],
  [0x6c, (m) => m.list(m.popMark())],
  [0x91, (m) => m.list(m.popMark())],
  [0x61, (m) => m.append([m.pop()])],
  [0x65, (m) => m.append(m.popMark())],
  [0x90, (m) => m.append(m.popMark())],
  [0x7d, (m) => m.dict()],
  [0x64, (m) => m.dict(m.popMark())],
  [0x73, (m) => m.setItems([m.pop(), m.pop()].reverse())],
  [0x75, (m) => m.setItems(m.popMark())],
  [0x29, (m) => m.tuple([])],
  [0x85, (m) => m.tupleOf(1)],
  [0x86, (m) => m.tupleOf(2)],
  [0x87, (m) => m.tupleOf(3)],
  [0x74, (m) => m.tuple(m.popMark())],
  // memory
  [0x70, (m, r) => m.put(index(m, r.line()))],
  [0x71, (m, r) => m.put(r.uint8())],
  [0x72, (m, r) => m.put(r.uint32())],
  [0x94, (m) => m.put()],
  [0x67, (m, r) => m.get(index(m, r.line()))],
  [0x68, (m, r) => m.get(r.uint8())],
  [0x6a, (m, r) => m.get(r.uint32())],
  // names and objects
  [0x63, (m, r) => m.global(r.line(), r.line())],
  [0x93, stackGlobal],
  [0x50, (m, r) => m.persistent(r.line())],
  [0x51, (m) => m.persistent(m.pop())],
  [0x52, called],
  [0x81, called],
  [0x92, calledWithNamed],
  [0x69, instance],
  [0x6f, object],
  [0x62, (m) => m.build()],
]);
