/** What of a keyboard scanner needs no keyboard; the rest is in test/hil. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadScannerLink } from "../../src/links/serial/scanner-link.ts";

async function causeOf(path: string): Promise<string> {
  // What /dev/input would be asked, another path is asked too: the link is chosen by one path and opened with another.
  const link = await loadScannerLink({ path: "/dev/input/by-id/usb-scanner-event-kbd" });
  return new Promise((resolve) => {
    let returned = false;
    const connection = link.open(
      { path, baudRate: 9_600, profile: "plain" },
      {
        opened: () => assert.fail("this is no keyboard"),
        line: () => assert.fail("it types nothing"),
        discarded: () => assert.fail("it types nothing"),
        closed: (cause) => {
          assert.ok(returned, "nothing comes before open has returned");
          connection.close(() => resolve(cause));
        },
      },
    );
    returned = true;
  });
}

describe("the link to a scanner that plays a keyboard", () => {
  it("says why it cannot take what is no keyboard", async () => {
    assert.equal(
      await causeOf("/dev/null"),
      "the device cannot be taken for the box alone (EVIOCGRAB: ENOTTY)",
    );
  });

  it("says that there is no device", async () => {
    assert.match(await causeOf("/dev/input/by-id/none"), /^ENOENT/);
  });

  it("is silent where it is closed while it opens", async () => {
    const link = await loadScannerLink({ path: "/dev/input/event0" });
    const heard: string[] = [];
    const connection = link.open(
      { path: "/dev/null", baudRate: 9_600, profile: "plain" },
      {
        opened: () => heard.push("opened"),
        line: () => heard.push("line"),
        discarded: () => heard.push("discarded"),
        closed: () => heard.push("closed"),
      },
    );
    await new Promise<void>((resolve) => connection.close(resolve));
    assert.deepEqual(heard, []);
  });
});

describe("the link of a scanner", () => {
  it("is a serial line where the path is none of /dev/input", async () => {
    const link = await loadScannerLink({ path: "/dev/serial/by-id/usb-scanner" });
    const cause = await new Promise<string>((resolve) => {
      link.open(
        { path: "/dev/null", baudRate: 9_600, profile: "plain" },
        { opened: () => {}, line: () => {}, discarded: () => {}, closed: resolve },
      );
    });
    assert.doesNotMatch(cause, /EVIOCGRAB/);
  });
});
