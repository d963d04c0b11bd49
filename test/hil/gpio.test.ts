/** The real links to pins, on the real GPIO subsystem of a kernel. */
import { gpioContract } from "../contract/gpio-suite.ts";
import { kernelStand } from "./kernel-stand.ts";

gpioContract("sysfs by onoff", () => kernelStand("sysfs"));
gpioContract("the character device by koffi", () => kernelStand("cdev"));
