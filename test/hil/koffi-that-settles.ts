/** koffi, whose ioctl lets the key matrix settle before the kernel is asked for levels. */
import * as koffi from "koffi";

/** GPIO_V2_LINE_GET_VALUES_IOCTL of include/uapi/linux/gpio.h. */
const GET_VALUES = 0xc010_b40e;

declare const beforeLook: () => void;

export const { errno } = koffi;

export function load(path: string | null): unknown {
  const library = koffi.load(path);
  return {
    func: (prototype: string) => {
      const call = library.func(prototype);
      if (!prototype.includes("ioctl")) return call;
      return (fd: number, request: number, argument: Uint8Array): unknown => {
        if (request === GET_VALUES) beforeLook();
        return call(fd, request, argument);
      };
    },
  };
}
