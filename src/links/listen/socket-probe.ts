import { connect } from "node:net";

/** Knocks at a unix socket and goes away again: null where somebody listens, else what the system said. */
export async function knockAtSocket(path: string, withinMs: number): Promise<string | null> {
  return await new Promise((resolve) => {
    const socket = connect({ path });
    const settle = (said: string | null): void => {
      clearTimeout(timer);
      resolve(said);
      socket.destroy();
    };
    const timer = setTimeout(() => settle("ETIMEDOUT"), withinMs);
    socket.once("connect", () => settle(null));
    socket.on("error", (error) => settle("code" in error ? String(error.code) : error.message));
  });
}
