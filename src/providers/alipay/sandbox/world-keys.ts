/**
 * Keys of simulated worlds, PKCS #8 in base64: of 512 bits, for the same code signs and verifies with them at a tenth of the work. They
 * protect nothing; everybody has them.
 */
import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";

/** The app's private key. */
export const worldAppKey = keyOf(
  "MIIBVgIBADANBgkqhkiG9w0BAQEFAASCAUAwggE8AgEAAkEA5uQWogyrHr7IowBUEDsnYRvhBWDfsAHeyXV786PzfCJY9lKPyWm1" +
    "vEShW1jpJ9mygusUhgLFAVy/5XIGNy2GlQIDAQABAkA0XQAhCjx4wY3hIb7u22uH43m57Yltck8jY0iULdeXjAhJdfXFr19orvbz" +
    "lXFLgejQnG2I7crR934faf5JQBM1AiEA+yjpuQmUwmK8whITRa/1f4Xw01TXp6FVsFs4xWdLZScCIQDrVy4MpjegCU/vXS0YshIL" +
    "Oe3Val0V+RMQdFR4452j4wIhAIPsoZfIKJNSOcPWqrjYDCPHvw/CaORsIg5YXCGUeE3RAiEA5MTja8JsUjKbNKjTvKzlI2qVip8R" +
    "i9mKsbUTpExHIlcCIQCEc0bd88O5flIdFzV2VzOUcG1btA7CHgASd+/X+1Tv1g==",
);

/** The gateway's. */
export const worldGatewayKey = keyOf(
  "MIIBVgIBADANBgkqhkiG9w0BAQEFAASCAUAwggE8AgEAAkEAxkDGruAa71ebcBiCVPBt+O1vbYN8ogmKm3n/o3UJFgaiZhHq01Fi" +
    "JzyMxJuUFsAH1Y0p1Ft+6MPGSX1VLPIH2QIDAQABAkEAv/hRa1yOOFx4ox7YdS8rDfO8BitgL/dVRB/qLnlRhwTJKShh6lMDjZQg" +
    "8Du014coz/twOcQ+A9SyLVZeUOigUQIhAOa3TqvBpxyr06QiDkyeUkbQnMW456X4tbdiJz2i/NrnAiEA2/q5trEFoHBsIDTW77WB" +
    "CQnTx+No6HG67sz3togCbz8CIAlwLEa4eFai7NiFECKwQ1tkQ1WPV+KhRwXGfSZ3WXK3AiEAqa9AvBzW40h1D27S8TsH2un6s/DG" +
    "Rq8b7AKtfd5ySk8CIQDIpo7G4l0nh8eHX8v5nmfFvJr1kRRQK1MHGzbLR9JuWw==",
);

/** The public half of one of them. */
export function publicHalf(key: KeyObject): KeyObject {
  return createPublicKey(key);
}

function keyOf(base64: string): KeyObject {
  return createPrivateKey({ key: Buffer.from(base64, "base64"), format: "der", type: "pkcs8" });
}
