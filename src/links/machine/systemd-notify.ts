/**
 * What the box tells the service manager that started it (sd_notify(3)): one datagram a message, from this very process,
 * so that the unit can accept words of its main process alone. Node has no sockets of this kind; koffi calls libc's.
 */
import type { ServiceManager } from "../../runtime/ports.ts";
import { notLoaded } from "./not-loaded.ts";

/** Who started this process, and what it expects. */
export type LoadedManager =
  /** Nobody who wants to be told anything: a terminal, a test, another kind of manager. */
  | { readonly kind: "none" }
  | {
      readonly kind: "loaded";
      readonly manager: ServiceManager;
      /** How long the process may be silent, in milliseconds; null where nobody watches. */
      readonly watchdogMs: number | null;
    }
  /** It wants to be told and cannot be: a sentence for the technician. */
  | { readonly kind: "unusable"; readonly problem: string };

/** What the manager puts into the environment: NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID. */
export type Environment = Readonly<Record<string, string | undefined>>;

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

/** `sun_path` of struct sockaddr_un has 108 bytes, unix(7). */
const PATH_BYTES_MAX = 108;

/** Opens the way to the service manager that the environment names. */
export async function loadServiceManager(environment: Environment = process.env): Promise<LoadedManager> {
  const { NOTIFY_SOCKET: path } = environment;
  if (path === undefined || path === "") return { kind: "none" };
  const address = addressOf(path);
  if (address === null) {
    return {
      kind: "unusable",
      problem: `NOTIFY_SOCKET is "${path}", which is no address of a local socket.`,
    };
  }
  let koffi: typeof import("koffi");
  try {
    koffi = await import("koffi");
  } catch {
    return { kind: "unusable", problem: `The service manager is told nothing. ${notLoaded("koffi")}` };
  }
  const libc = koffi.load(null);
  const sendto = libc.func(
    "long sendto(int fd, const void *text, size_t length, int flags, const void *address, uint32_t size)",
  );
  const fd: number = libc.func("int socket(int domain, int type, int protocol)")(
    AF_UNIX,
    SOCK_DGRAM + SOCK_CLOEXEC,
    0,
  );
  if (fd === -1)
    return { kind: "unusable", problem: "No socket can be made to tell the service manager by." };
  const notify = (state: string): boolean => {
    const text = Buffer.from(state);
    // A manager that does not read holds nobody up: what was not taken is said again by whoever wants it to arrive.
    return (
      sendto(fd, text, text.length, MSG_DONTWAIT + MSG_NOSIGNAL, address, address.length) === text.length
    );
  };
  return { kind: "loaded", manager: { notify }, watchdogMs: watchdogMsOf(environment) };
}

/** struct sockaddr_un: the family in the machine's byte order, then a path with its NUL, or an abstract name after one. */
function addressOf(path: string): Buffer | null {
  const abstract = path.startsWith("@");
  if (!abstract && !path.startsWith("/")) return null;
  const name = abstract ? Buffer.from(`\0${path.slice(1)}`) : Buffer.from(`${path}\0`);
  return name.length > PATH_BYTES_MAX
    ? null
    : Buffer.concat([Buffer.from(new Uint16Array([AF_UNIX]).buffer), name]);
}

/** sd_watchdog_enabled(3): a limit that was meant for another process is none. */
function watchdogMsOf({ WATCHDOG_USEC: limit, WATCHDOG_PID: pid }: Environment): number | null {
  if (limit === undefined || !/^[1-9]\d{0,14}$/.test(limit)) return null;
  return pid === undefined || pid === String(process.pid) ? Number(limit) / 1_000 : null;
}
