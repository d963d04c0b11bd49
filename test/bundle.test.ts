/** How the one file of the program is told from another. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { build, type Plugin } from "esbuild";
import packageJson from "../package.json" with { type: "json" };
import { bundleProgram, bundling, withBuildIn } from "../scripts/bundle.ts";

/** Somebody's own build: one help text of the program is another. */
const changed: Plugin = {
  name: "changed",
  setup: ({ onLoad }) => {
    onLoad({ filter: /src\/cli\/version\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replace("Prints the version", "Prints a version"),
      loader: "ts",
    }));
  },
};

/** The program's file and what it says of itself. */
async function built(plugins: readonly Plugin[]) {
  const folder = mkdtempSync(join(tmpdir(), "scanbox-bundle-"));
  try {
    const { files } = await bundleProgram({ outfile: join(folder, "scanbox.mjs"), plugins });
    const [program] = files.filter(({ path }) => path.endsWith(".mjs"));
    assert.ok(program);
    writeFileSync(program.path, program.contents);
    const said = execFileSync(process.execPath, [program.path, "version", "--json"], { encoding: "utf8" });
    const { version } = JSON.parse(said) as { version: string };
    return { version, bytes: createHash("sha256").update(program.contents).digest("hex") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("a build names itself: the same sources the same, others another", async () => {
  const [one, again, other] = [await built([]), await built([]), await built([changed])];
  assert.match(one.version, /^[0-9.]+\+[0-9a-f]{12}$/);
  assert.equal(one.version.split("+")[0], packageJson.version);
  assert.deepEqual(again, one);
  assert.notEqual(other.version, one.version);
});

test("a build finds its place where a line ends in the middle of it, and is missed where there is none", () => {
  assert.equal(withBuildIn('v="build-to-b\\\ne-";', "0123456789ab"), 'v="0123456789\\\nab";');
  assert.throws(() => withBuildIn('v="";', "0123456789ab"), /no place/);
});

test("what only a server uses stands apart, and is not in the program of the box", async () => {
  const { inputs } = await bundleProgram();
  const ofProvider = inputs.filter((path) => path.startsWith("src/providers/"));
  assert.ok(ofProvider.includes("src/providers/wechat-v2/unified-order.ts"));
  assert.deepEqual(
    ofProvider.filter((path) => path.includes("/server/")),
    [],
  );
});

test("what speaks HTTPS and MQTT loads neither Node's own HTTP nor a second set of streams", async () => {
  const folder = mkdtempSync(join(tmpdir(), "scanbox-bundle-"));
  try {
    const outfile = join(folder, "links.mjs");
    const links = new URL("../src/links/", import.meta.url).pathname;
    const contents = `
      import { UndiciHttpsLink } from ${JSON.stringify(join(links, "https/undici-https.ts"))};
      import { MqttBroker } from ${JSON.stringify(join(links, "mqtt/mqtt-broker.ts"))};
      console.log(UndiciHttpsLink.name, MqttBroker.name, ...process.moduleLoadList);`;
    const stdin = { contents, resolveDir: folder };
    const { metafile } = await build({ ...bundling, stdin, outfile, metafile: true });
    const [https, mqtt, ...loaded] = execFileSync(process.execPath, [outfile], { encoding: "utf8" }).split(
      " ",
    );
    assert.deepEqual([https, mqtt], ["UndiciHttpsLink", "MqttBroker"]);
    assert.ok(loaded.includes("net"));
    for (const own of ["http", "http2", "_http_client"]) assert.ok(!loaded.includes(own), own);
    const inputs = Object.keys(metafile.inputs);
    assert.ok(inputs.includes("node_modules/mqtt-packet/mqtt.js"));
    assert.deepEqual(
      inputs.filter((path) => path.includes("/readable-stream/")),
      [],
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
