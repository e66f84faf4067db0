import { describe, expect, it } from "vitest";
import { type Device, grad, init, logSoftmax, type Tensor, tensor } from "./index.ts";

describe("init", () => {
  it.each<Device>(["cpu", "wasm"])(
    "%s computes, also gradients, and may be asked for twice",
    async (device) => {
      await init(device);
      await init(device);
      const x = tensor([1, 2, 3], { dtype: "float64" });
      const slope = grad((t: Tensor) => logSoftmax(t).at(0))(x).tolist() as number[];
      const total = Math.E + Math.E ** 2 + Math.E ** 3;
      const want = [1 - Math.E / total, -(Math.E ** 2) / total, -(Math.E ** 3) / total];
      want.forEach((value, i) => {
        expect(slope[i]).toBeCloseTo(value, 14);
      });
    },
  );

  it("a device this machine lacks is refused with the ones it has", async () => {
    await init("wasm");
    await expect(init("webgpu")).rejects.toThrow(
      'init: device "webgpu" is not available here; choose one of',
    );
  });

  it("an unknown device is refused with the nearest", async () => {
    await expect(init("wasn" as Device)).rejects.toThrow(
      'init: unknown device "wasn"; did you mean wasm, cpu, webgpu?',
    );
  });
});
