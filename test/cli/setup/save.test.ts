import assert from "node:assert/strict";
import { chownSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { refusedFolder, save } from "../../../src/cli/setup/save.ts";

const isRoot = process.getuid?.() === 0;

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "scanbox-save-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

test("a file is kept beside the new one, with its own text, and the same text is not written again", (t) => {
  const folder = folderOf(t);
  const configFile = join(folder, "c.json");
  const papers = { configFile, config: "new", secrets: new Map() };
  writeFileSync(configFile, "old", { mode: 0o666 });
  assert.deepEqual(save(papers), [`${configFile}.bak`, configFile]);
  assert.equal(readFileSync(`${configFile}.bak`, "utf8"), "old");
  assert.equal(statSync(configFile).mode & 0o777, 0o640);
  assert.deepEqual(save(papers), []);
  assert.equal(readFileSync(`${configFile}.bak`, "utf8"), "old");
  assert.deepEqual(readdirSync(folder).sort(), ["c.json", "c.json.bak"]);
});

test("what an interrupted try has left is no hindrance, and a secret never takes its mode", (t) => {
  const folder = folderOf(t);
  const secret = join(folder, "api-key");
  writeFileSync(`${secret}.new`, "half", { mode: 0o644 });
  save({ configFile: join(folder, "c.json"), config: "{}", secrets: new Map([[secret, "key"]]) });
  assert.equal(readFileSync(secret, "utf8"), "key\n");
  assert.equal(statSync(secret).mode & 0o777, 0o600);
});

test("root's files go to the service whose folder it is", { skip: !isRoot && "needs root" }, (t) => {
  const folder = folderOf(t);
  const secret = join(folder, "api-key");
  const configFile = join(folder, "c.json");
  // Debian's user of this name has the number 1, and a group of its own.
  const daemon = 1;
  chownSync(folder, 0, daemon);
  save({ configFile, config: "{}", secrets: new Map([[secret, "key"]]) });
  const ownersOf = (path: string) => [statSync(path).uid, statSync(path).gid];
  assert.deepEqual(ownersOf(secret), [daemon, daemon]);
  assert.deepEqual(ownersOf(configFile), [0, daemon]);
});

test("a folder that is not there is refused before anybody is asked", () => {
  assert.match(
    refusedFolder("/nonexistent/scanbox") ?? "",
    /^There is no folder \/nonexistent\/scanbox: make it/,
  );
  assert.equal(refusedFolder(tmpdir()), null);
});
