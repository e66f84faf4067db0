import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { InputError } from "../core/errors.ts";
import type { NdArray } from "../core/nd.ts";
import { readPt } from "./index.ts";

/** Files of PyTorch 2 with one odd value x beside the weight w, gzipped. */
const files = {
  /** `torch._neg_view(torch.tensor([-2**31, 5]))`. */
  negated:
    "H4sIAAQEDGsC/6WVv2/TQBTHz3bqGBfyoxQKReocJEht51cDKpUs5MUIQhBSyYBxnSNxceOefWkBqVIkVIlO/AdI7MwgsfA3VEKwsDExsTIV7uw2tR01VduTklOs933vc+/e12noXAoAQQAjKwemgOlZXXsDzrdNbBbXXziamgGt2BqwWwgUlhkieIkYC7tEUTT62HZ80fDgSt922gaGPd/1jA1FRGyhsJwmwT6JNDsQcaFEvOf2Oo/CZyJKBfkkNLHMkd1a7yNeZzFKP9SBzm4jQWe20bkdy3IdB1rYdnu++MBrQw+279oWFpF4vYkmt9D5QN6DHXThrY9RpomyQeJNlOsSju5Bbc1xTTwsng9iZDTV5XUGo4u0KKk3Tb8u7XRp7ssYzTTRlX6xoaeFLz+evtsjCvppHNnNGbA47GbxueutmdjYgJ5P4DW1nmjqCZZMET7/+fmGQjNjEWZB7RBhv/+G6did3hrsYU0tnYaiWqYAS5voN0tKsGMB8mBpCLDyCkOX3pmm3j796Vstx8bYgZRhe/HXVZ5U4ccyZMCd2FTPS5p66wwAJOXgH1kT+/kpyacn1wa5wEHjScpxEllTJXDy+oMlWnN19cNHUgikxtbMRm5gOH1n6n9JpNV333ceH3//c0A5HMDgyD70bDKBr01qYsNua2rxhDBSpSrL0kJFKVXlerUmVZR6WZLKSm2hXKuSx4pSV+o1JbBJ+evedIFwFAJKhsIOOaMuzo2QJ9+DSXXUgDMx5X0GHOX7ZJKoiWZjSXajSUacm8wTNUI+lqfJglEDJuXR6c3E5N9ZkPBOUhudwrj2GZfQykltdIayMe23iPaI3kWvdi5+5hQ4ZugaOs/fOBhR7uZQKST2STbc/6YOrM7TfzLApcPf4dt3gg81QhAfxv4HKLY0RGUHAAA=",
  /** An array of two float32 numbers with 12 bytes, which NumPy refuses. */
  longer:
    "H4sIAAQEDGsC/6VUSW/TUBB+TtIkmJI2ZSktULZLkCDNvrBVilAOWAqpK1DEAcuxX1sXx844Ly1BQqqE0tI/geDOnZ/AEbEcuXHixJUbvGeX1HaVFNon2ePE8818M/ON60IwhFA0ivadSTSFZEtZ1dbxvCoTOdl+qlcrMfTYczYDLwAlGhwFPANOMbqtdi8pKaaFk62uTjTZsuQeL1lYMY0OsboK4SHguPGG6ryFoID6EFIoTMVKh8cGe+BhzA7bhHAjTK0uE81IQ2QLoiIc2wZehOMJgRMCfRjfDaiSXpviTjQC1H85B7GdV9swIcJkQgjasW5DvFar3f9Nj30TEIGp5s7qWGPcVz2cXKWZTolwmsCZpg3egGmFmLQjSalLNL3Dqmp2NV2VCDY6piWtZ3g4m0g0ItS5Qz3lFQwzDoSv6qZMlpw/eZi1A6bgXCNIrdLuwnmBI3BhUUAC14c5dru4oyimrmOFaLR1/ANLxRZW72msg5euiXCZwBURrnaTdSESjT55E39JY7KrPnSk06g0GGly2bRaMpHWsdWhCaqVnG+y/3bSLPv7n99YYsSu4dlnUXEv+25/JFnXVowWNki1kj0MgUKOEVjYgB9s5oGRBOJoYUCg2SPYZC2tVm4dqvDdo2uE6Jhx6N/5PsN0Gh7JIYbuerZqPlWt3DwCAYQ2F1j2tbW372hKFBqZfcLVgcHgj1R/lmfZP71eeXhw/+dQZk8AdvEdbGlUAc9lpnFJU6uV5H+SSeeLmVK6XM6n06V8rpDLpjKFVDZbSpWK+VK5lC1k8sVCOVdgLPmlLS5BeSRslhwjO+DpXqDJfcz930E/2r0A0x7kFw4NWzl/ELeIZz1BFgNoxOb447iFGPfE+eyKM1gAP9ytpJgH/iiIfNr1Y906mPBgv7qwQ+p3j2fOAxZD6ADh1IVw+PpfmQVvDJARn/3IOfZXyLEUZ7/6EHZ+O1+wsbCDidj+ju8fIuFJoikHAAA=",
};

describe("values that PyTorch reads otherwise", () => {
  it.each([
    [files.negated, "pt: x is lazily negated and holds 2147483648, which does not fit in int32"],
    [files.longer, "pt: x is corrupt: an array of shape [2] has 12 bytes of f4"],
  ])("fail when they are asked for, and block no weights", (file, message) => {
    const checkpoint = readPt(new Uint8Array(gunzipSync(Buffer.from(file, "base64"))));
    const { w } = checkpoint as { readonly w: NdArray };
    expect(w.data).toEqual(Float32Array.of(1));
    const ask = (): unknown => Reflect.get(Object(checkpoint), "x");
    expect(ask).toThrow(InputError);
    expect(ask).toThrow(message);
  });
});
