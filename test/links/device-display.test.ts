/** What the links to displays and to I2C say where there is no device, and how a terminal is kept. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { Writable } from "node:stream";
import { describe, it } from "node:test";
import { loadI2cDevice } from "../../src/links/display/i2c-bus.ts";
import { KernelDisplay } from "../../src/links/display/kernel-display.ts";
import { TerminalDisplay } from "../../src/links/display/terminal-display.ts";
import { spin } from "../../src/links/machine/spin.ts";
import type { DisplayConnection, DisplayLink } from "../../src/runtime/ports.ts";

const size = { columns: 16, rows: 2 };

function ended(link: DisplayLink): Promise<string> {
  return new Promise((resolve) => {
    link.open({ ready: () => resolve("ready"), closed: (cause) => resolve(cause) });
  });
}

describe("the display by the kernel's driver", () => {
  it("says what to do where there is none", async () => {
    const path = "/dev/no-such-lcd";
    assert.equal(
      await ended(new KernelDisplay({ path, ...size })),
      "There is no display at /dev/no-such-lcd (ENOENT): load the overlay hd44780-lcd or hd44780-i2c-lcd.",
    );
    assert.equal(existsSync(path), false, "no file is made in its place");
  });

  it("says what the device says", async () => {
    assert.match(await ended(new KernelDisplay({ path: "/dev/full", ...size })), /^ENOSPC/);
  });
});

describe("a device on an I2C bus", () => {
  it("says what to do where there is no bus, each time anew, and can be closed", async () => {
    const device = await loadI2cDevice({ bus: 31, address: 0x27 });
    for (let time = 0; time < 2; time += 1) {
      const error = await new Promise<string | null>((resolve) => device.write(Uint8Array.of(0), resolve));
      assert.match(error ?? "", /^There is no I2C bus 31 \(ENOENT\): switch I2C on/);
    }
    const closes: Promise<void>[] = [];
    device.write(Uint8Array.of(0), () => {});
    for (let time = 0; time < 2; time += 1) closes.push(new Promise((resolve) => device.close(resolve)));
    await Promise.all(closes);
  });
});

describe("a display on a terminal", () => {
  class Terminal extends Writable {
    readonly isTTY = true;
    readonly rows: number = 24;
    text = "";

    constructor() {
      super({ decodeStrings: false });
    }

    override _write(chunk: string, _encoding: BufferEncoding, done: () => void): void {
      this.text += chunk;
      done();
    }
  }

  function opened(link: DisplayLink): Promise<DisplayConnection> {
    return new Promise((resolve) => {
      const connection = link.open({ ready: () => resolve(connection), closed: assert.fail });
    });
  }

  it("keeps to the uppermost lines, leaves the cursor where it is, and gives the lines back", async () => {
    const terminal = new Terminal();
    const connection = await opened(new TerminalDisplay({ stream: terminal, size }));
    assert.ok(terminal.text.includes("\u001b[5;24r"), "only what is below the frame scrolls");
    terminal.text = "";
    await new Promise<void>((resolve) =>
      connection.write([{ row: 1, column: 0, text: "Thank you" }], resolve),
    );
    const lines = [
      `┌${"─".repeat(16)}┐`,
      `│${" ".repeat(16)}│`,
      `│Thank you${" ".repeat(7)}│`,
      `└${"─".repeat(16)}┘`,
    ];
    const drawn = lines.map((line, index) => `\u001b[${index + 1};1H${line}\u001b[K`).join("");
    assert.equal(terminal.text, `\u001b7${drawn}\u001b8`);
    terminal.text = "";
    await new Promise<void>((resolve) => connection.close(resolve));
    assert.equal(terminal.text, "\u001b7\u001b[r\u001b8");
    assert.equal(terminal.listenerCount("error"), 0);
  });

  it("is drawn picture by picture where the terminal has too few lines", async () => {
    const terminal = Object.assign(new Terminal(), { rows: 4 });
    const connection = await opened(new TerminalDisplay({ stream: terminal, size }));
    await new Promise<void>((resolve) => connection.write([{ row: 0, column: 0, text: "PAID" }], resolve));
    await new Promise<void>((resolve) => connection.close(resolve));
    assert.equal(terminal.text, `|PAID${" ".repeat(12)}|\n|${" ".repeat(16)}|\n`);
  });
});

describe("spinning", () => {
  it("takes at least as long as was asked for", () => {
    for (const us of [0, 1, 60, 500]) {
      const began = performance.now();
      spin(us);
      assert.ok((performance.now() - began) * 1_000 >= us);
    }
  });
});
