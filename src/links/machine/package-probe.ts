/** Whether the packages with native parts load on this machine. Nothing is opened with them. */

/** The packages whose native parts have to fit the machine and its Node. */
export const nativePackages = ["serialport", "onoff", "lcd", "i2c-bus", "koffi"] as const;

/** One of them. */
export type NativePackage = (typeof nativePackages)[number];

/** Loads a package; null, or the code of the error that it gave. */
export async function loadingFault(name: NativePackage): Promise<string | null> {
  try {
    await load(name);
    return null;
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : "error";
  }
}

async function load(name: NativePackage): Promise<unknown> {
  switch (name) {
    case "serialport":
      return await import("serialport");
    case "onoff":
      return await import("onoff");
    case "lcd":
      return await import("lcd");
    case "i2c-bus":
      return await import("i2c-bus");
    case "koffi":
      return await import("koffi");
  }
}
