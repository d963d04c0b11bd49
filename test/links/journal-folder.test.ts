import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import {
  goneSentence,
  lookForJournal,
  makeFolders,
  tracesOf,
} from "../../src/links/sqlite/journal-folder.ts";

const parent = mkdtempSync(join(tmpdir(), "scanbox-folder-"));
after(() => rmSync(parent, { recursive: true, force: true }));
let folders = 0;

function folder(...files: readonly (string | readonly [name: string, text: string])[]): string {
  folders += 1;
  const made = join(parent, String(folders));
  mkdirSync(made);
  for (const file of files) {
    const [name, text] = typeof file === "string" ? [file, ""] : file;
    writeFileSync(join(made, name), text);
  }
  return made;
}

describe("the folder of a journal", () => {
  it("has none only where nothing of one is there", () => {
    assert.equal(lookForJournal(folder()), "none");
    assert.equal(lookForJournal(join(parent, "nothing")), "none");
    assert.equal(lookForJournal(folder("control.sock", "doctor-1.tmp")), "none", "other files tell nothing");
    assert.equal(lookForJournal(folder(["journal.db", "text"])), "there");
  });

  it("tells a journal that has gone by whatever it has left", () => {
    for (const name of [
      ...["journal.db", "journal.db-wal", "journal.db-shm", "journal.db-journal"],
      ...["journal.lock", "journal.reserve", "journal.next", "damaged-2027-01-15T08-00-00Z"],
    ]) {
      const left = folder(name);
      assert.equal(lookForJournal(left), "gone", name);
      assert.deepEqual(tracesOf(left), [name]);
    }
    assert.equal(lookForJournal(folder("journal.db", ["journal.db-wal", "log"])), "gone");
  });

  it("takes what a first start leaves when the power goes for no journal, and more for one that has gone", () => {
    assert.equal(lookForJournal(folder("journal.new")), "none");
    assert.equal(lookForJournal(folder("journal.new", "journal.lock", "journal.new-journal")), "none");
    assert.equal(lookForJournal(folder("journal.new", "journal.lock", "journal.reserve")), "gone");
    assert.equal(lookForJournal(folder("journal.new", "journal.db")), "gone");
  });

  it("says what is missing and what is still there", () => {
    assert.match(
      goneSentence(folder("journal.reserve")),
      /journal\.db is missing, .* there is journal\.reserve: /,
    );
    assert.match(goneSentence(folder("journal.db")), /journal\.db is empty: there was a journal/);
  });

  it("is made with those around it, for its owner alone", () => {
    const deep = join(folder(), "a", "b", "c");
    makeFolders(deep, 0o700);
    assert.equal(statSync(deep).mode & 0o777, 0o700);
    makeFolders(deep, 0o700);
    const linked = join(folder(), "link");
    symlinkSync(deep, linked);
    makeFolders(join(linked, "d"), 0o700);
    assert.ok(existsSync(join(deep, "d")));
  });

  it("is refused at once where none can be made, as below /proc, which says for ever that the way is not there", () => {
    for (const path of ["/proc/scanbox", "/proc/scanbox/a/b"])
      assert.throws(() => makeFolders(path, 0o700), /no folder can be made in \/proc|ENOENT/, path);
    const file = join(folder(["file", ""]), "file");
    assert.throws(() => makeFolders(file, 0o700), /EEXIST/);
    assert.throws(() => makeFolders(join(file, "a"), 0o700), /ENOTDIR/);
  });
});
