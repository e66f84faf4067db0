/** PyTorch's types of elements and classes of storages, by `module name`. */

import type { ElementType } from "../elements.ts";
import { TorchType } from "./tensor-ref.ts";

const storages: { readonly [name: string]: ElementType } = {
  DoubleStorage: "F64",
  FloatStorage: "F32",
  HalfStorage: "F16",
  BFloat16Storage: "BF16",
  LongStorage: "I64",
  IntStorage: "I32",
  ShortStorage: "I16",
  CharStorage: "I8",
  ByteStorage: "U8",
  BoolStorage: "BOOL",
};

const dtypes: { readonly [name: string]: ElementType } = {
  float64: "F64",
  float32: "F32",
  float16: "F16",
  bfloat16: "BF16",
  int64: "I64",
  int32: "I32",
  int16: "I16",
  int8: "I8",
  uint64: "U64",
  uint32: "U32",
  uint16: "U16",
  uint8: "U8",
  bool: "BOOL",
};

const complex = (name: string) =>
  `holds complex numbers (${name}), which are not read; save its real and imaginary parts`;
const float8 = (name: string) => `holds ${name} numbers, which are not read; save x.float()`;
const quantized = "is a quantized tensor, which is not read; save x.dequantize()";

/** Types that are known but not read: bytes of an element, and the reason. */
const refused: { readonly [name: string]: readonly [number, string] } = {
  ComplexHalfStorage: [4, complex("complex32")],
  ComplexFloatStorage: [8, complex("complex64")],
  ComplexDoubleStorage: [16, complex("complex128")],
  QUInt8Storage: [1, quantized],
  QInt8Storage: [1, quantized],
  QInt32Storage: [4, quantized],
  QUInt4x2Storage: [1, quantized],
  QUInt2x4Storage: [1, quantized],
  complex32: [4, complex("complex32")],
  complex64: [8, complex("complex64")],
  complex128: [16, complex("complex128")],
  quint8: [1, quantized],
  qint8: [1, quantized],
  qint32: [4, quantized],
  quint4x2: [1, quantized],
  quint2x4: [1, quantized],
  float8_e4m3fn: [1, float8("float8_e4m3fn")],
  float8_e5m2: [1, float8("float8_e5m2")],
  float8_e4m3fnuz: [1, float8("float8_e4m3fnuz")],
  float8_e5m2fnuz: [1, float8("float8_e5m2fnuz")],
  float8_e8m0fnu: [1, float8("float8_e8m0fnu")],
  float4_e2m1fn_x2: [1, float8("float4_e2m1fn_x2")],
};

/** The table of `module name`. */
export function torchTypes(): Map<string, TorchType> {
  const untyped = new TorchType("torch.UntypedStorage", undefined);
  const table = new Map([
    ["torch UntypedStorage", untyped],
    ["torch.storage UntypedStorage", untyped],
  ]);
  for (const [name, type] of [...Object.entries(storages), ...Object.entries(dtypes)]) {
    table.set(`torch ${name}`, new TorchType(`torch.${name}`, type));
  }
  for (const [name, [bytes, reason]] of Object.entries(refused)) {
    table.set(`torch ${name}`, new TorchType(`torch.${name}`, undefined, bytes, reason));
  }
  return table;
}
