/**
 * Put around a box by `node --import`: the key matrix on its pins. The guest has one processor, so that a matrix in another
 * process would move long after the box has looked; here the columns follow the rows before every look. The packages and
 * the kernel do all they do elsewhere.
 */
import { registerHooks } from "node:module";
import { Gpio } from "onoff";
import * as z from "zod";
import { KeyMatrix } from "./key-matrix.ts";

const orderSchema = z.strictObject({
  does: z.enum(["press", "release", "stick", "free"]),
  row: z.int(),
  column: z.int(),
  bounces: z.int(),
});

/** What a finger does, with how many bounces of the contact, a millisecond apart. */
export type FingerOrder = z.infer<typeof orderSchema>;

const matrix = new KeyMatrix(JSON.parse(process.env.HIL_MATRIX ?? ""));

process.on("message", (message) => {
  const { does, row, column, bounces } = orderSchema.parse(message);
  const bounce = { times: bounces, everyMs: 1 };
  switch (does) {
    case "press":
      void matrix.press(row, column, bounce);
      break;
    case "release":
      void matrix.release(row, column, bounce);
      break;
    case "stick":
      matrix.stick(row, column);
      break;
    case "free":
      matrix.free(row, column);
      break;
  }
});
// The box ends when it is done, whoever could still send.
process.channel?.unref();

const read = Gpio.prototype.readSync;
Gpio.prototype.readSync = function readSync(this: Gpio) {
  matrix.settle();
  return read.call(this);
};

Object.assign(globalThis, { beforeLook: () => matrix.settle() });
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "koffi" && context.parentURL?.endsWith("/scanbox.mjs") === true
      ? { url: new URL("./koffi-that-settles.ts", import.meta.url).href, shortCircuit: true }
      : next(specifier, context),
});
