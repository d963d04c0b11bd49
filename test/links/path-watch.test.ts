import assert from "node:assert/strict";
import { type FSWatcher, mkdirSync, mkdtempSync, rmSync, symlinkSync, watch, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, afterEach, describe, it } from "node:test";
import { watchPath } from "../../src/links/serial/path-watch.ts";
import type { PathWatch } from "../../src/runtime/ports.ts";
import { until } from "../e2e/until.ts";

const root = mkdtempSync(join(tmpdir(), "scanbox-watch-"));
const device = join(root, "ttyACM0");
writeFileSync(device, "");
after(() => rmSync(root, { recursive: true }));
let number = 0;
const watches: PathWatch[] = [];
afterEach(() => {
  for (const watch of watches.splice(0)) watch.end();
});

/** A path such as udev makes one, of which only the first folder is there yet. */
function watched() {
  number += 1;
  const dev = join(root, `dev-${number}`);
  mkdirSync(dev);
  const path = join(dev, "serial/by-id/usb-scanner");
  const seen = { hints: 0 };
  const watch = watchPath(path, () => {
    seen.hints += 1;
  });
  watches.push(watch);
  return { dev, path, seen, watch };
}

/**
 * Waits until the system has told all that has happened so far in these folders: a later change in each of them is told,
 * and one process is told of them in their order.
 */
async function told(...folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    number += 1;
    const mark = `mark-${number}`;
    let seen = false;
    const watcher: FSWatcher = watch(folder, (_event, name) => {
      seen ||= name === mark;
    });
    try {
      writeFileSync(join(folder, mark), "");
      await until(() => seen, "a change in the folder is told");
    } finally {
      watcher.close();
    }
  }
}

async function hinted(seen: { readonly hints: number }): Promise<void> {
  await until(() => seen.hints > 0, "a hint");
}

describe("a watch over the path of a device", () => {
  it("tells of a device whose folders come with it", async () => {
    const { path, seen } = watched();
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(device, path);
    await hinted(seen);
  });

  it("follows the path down where its folders come one by one", async () => {
    const { dev, path, seen } = watched();
    mkdirSync(dirname(dirname(path)));
    await told(dev, dirname(dirname(path)));
    mkdirSync(dirname(path));
    await told(dirname(dirname(path)), dirname(path));
    assert.equal(seen.hints, 0, "folders are no device");
    symlinkSync(device, path);
    await hinted(seen);
  });

  it("goes up again with folders that go, and tells when all of it is back", async () => {
    const { dev, path, seen } = watched();
    mkdirSync(dirname(path), { recursive: true });
    await told(dev, dirname(path));
    rmSync(join(dev, "serial"), { recursive: true });
    await told(dev);
    assert.equal(seen.hints, 0);
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(device, path);
    await hinted(seen);
  });

  it("tells nothing of neighbours, nor of the device's end", async () => {
    const { dev, path, seen } = watched();
    mkdirSync(dirname(path), { recursive: true });
    await told(dev, dirname(path));
    symlinkSync(device, `${path}-2`);
    await told(dirname(path));
    assert.equal(seen.hints, 0);
    symlinkSync(device, path);
    await hinted(seen);
    await told(dirname(path));
    const before = seen.hints;
    rmSync(path);
    await told(dirname(path));
    assert.equal(seen.hints, before);
  });

  it("is silent once it has ended, and where nothing can be watched", async () => {
    const { dev, path, seen, watch: ended } = watched();
    ended.end();
    ended.end();
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(device, path);
    watches.push(watchPath("/proc/self/no-such-folder/device", () => assert.fail("nothing came")));
    await told(dev, dirname(path));
    assert.equal(seen.hints, 0);
  });
});
