/** Who stands before the box of a seeded world: customers with their phones, and whoever presses its keys. */
import type { Key } from "../../core/payment/amount-entry.ts";
import type { Random } from "../outside/random.ts";
import type { PeopleModel } from "../site/habits.ts";
import type { SimulatedKeypad } from "../site/keypad.ts";
import type { Act, People } from "../site/people.ts";
import { type ReaderBehaviour, SimulatedReader } from "../site/reader.ts";
import type { SimulatedSerialLink } from "../site/serial.ts";
import type { BoxRun } from "../site/staged-box.ts";
import { type Scene, streamOf } from "./scene.ts";
import { placeOf } from "./world-config.ts";

/** How long a finger stays on a key, and from one key to the next, in milliseconds. */
const KEY_HELD_MS = 90;
const KEY_EVERY_MS = 180;

/** Who asks for a payment of the fixed amount that rests has seen the phone, so long after it began to rest. */
const SEEN_MS = 900;

const codeEnds = ["\r", "\n", "\r\n", "\t", "\u0003", ""] as const;

/** A code in what is scanned. */
const wholeCode = /1[0-5]\d{16}/g;

/** Screens that end a payment, or want staff. */
const ends: ReadonlySet<string> = new Set(["unknown", "vend-unclear", "paid", "not-paid"]);

/** What a crowd has at hand. */
export interface CrowdParts {
  readonly people: People;
  readonly habits: PeopleModel;
  readonly serial: SimulatedSerialLink;
  readonly habit: ReaderBehaviour;
  /** Draws when the reader tells of what. */
  readonly reading: Random;
  /** The keypad on the header, null where keys are pressed without any. */
  readonly keypad: SimulatedKeypad | null;
  /** Beside a till there may be no keys: what wants to be seen then stands for its time. */
  readonly keyless: boolean;
  /** Somebody plugs the reader in again. */
  readonly plug: () => void;
}

/** They act one at a time, by what the screen says or by whim. */
export class Crowd {
  readonly #scene: Scene;
  readonly #parts: CrowdParts;
  readonly #codeEnd: (typeof codeEnds)[number];
  readonly #reader: SimulatedReader;
  /** Whether the reader has told of the phone that lies there. */
  #phoneRead = false;

  constructor(scene: Scene, parts: CrowdParts) {
    this.#scene = scene;
    this.#parts = parts;
    this.#codeEnd = streamOf(scene.seed, "codeEnd").pick(codeEnds);
    this.#reader = new SimulatedReader({
      habit: parts.habit,
      time: scene.time,
      random: parts.reading,
      tell: (text) => this.#read(text),
      reply: (bytes) => parts.serial.send(bytes),
    });
  }

  /** The box says something to the reader. */
  told(bytes: Uint8Array): void {
    this.#reader.told(bytes);
  }

  /** Somebody does something, or nothing. */
  act(life: BoxRun): void {
    const { box, provider, random, tell, time } = this.#scene;
    const { habits, keyless, people, plug, serial } = this.#parts;
    if (habits.phone !== null) {
      this.#actBesidePhone(life);
      return;
    }
    const act = people.act(life.screen);
    if (act.kind !== "nothing") tell(`people: ${describe(act)}`);
    switch (act.kind) {
      case "keys":
        if (keyless) break;
        box.checker.tills.keyed();
        this.press(life, act.keys);
        break;
      case "scan":
        provider.drawStory();
        this.#present(act.text.replace(wholeCode, (code) => provider.shown(code)));
        break;
      case "code":
        provider.drawStory();
        life.box.wantCode();
        break;
      case "unplug":
        serial.unplug();
        time.after(random.between(10, 5_000), plug);
        break;
      case "nothing":
        break;
    }
  }

  /** A line is held under the reader, and taken away. */
  pass(line: string): void {
    this.#reader.pass(line);
  }

  /** Fingers on the keypad where there is one, else the keys as such; nobody finds any on a box without keys. */
  press(life: BoxRun, keys: readonly Key[]): void {
    const { keypad } = this.#parts;
    if (keypad !== null) {
      this.#type(keypad, keys);
      return;
    }
    for (const key of keys) {
      this.#pressed(key);
      life.box.press(key);
    }
  }

  /** The phone that lies there is taken along. */
  leave(): void {
    this.#parts.habits.takePhone();
    this.#reader.clear();
    this.#scene.box.checker.left();
  }

  /** What the scanner sends of a line. */
  #send(line: string): void {
    this.#scene.box.checker.scanned(line.trim());
    this.#parts.serial.send(Buffer.from(line.replace(/\r$/, this.#codeEnd), "latin1"));
  }

  /** What the reader tells of. */
  #read(text: string): void {
    if (this.#parts.habits.phone !== null) {
      this.#scene.tell("people: a phone is in the reader");
      this.#scene.provider.drawStory();
      this.#phoneRead = true;
    }
    this.#send(text);
  }

  /** Somebody shows a code. Where a box sells by itself, nothing but the reader tells a phone that stays from the next customer's. */
  #present(text: string): void {
    const { box, config, tell } = this.#scene;
    const { habits } = this.#parts;
    const { source } = config.amount;
    const alone = source === "fixed" || source === "menu";
    const stays =
      alone &&
      /^1\d{17}\r$/.test(text) &&
      habits.afterScan(text.trim(), {
        shows: (next) => this.#reader.lay(`${next}\r`),
        gone: () => {
          tell("people: the phone is taken along");
          this.#reader.clear();
          box.checker.left();
        },
      });
    if (!stays) {
      this.#reader.pass(text);
      return;
    }
    this.#phoneRead = false;
    if (habits.phone !== null) box.checker.stays(habits.phone, source === "menu");
    this.#reader.lay(text);
  }

  /** Nobody else shows a code while a phone lies in the reader; but somebody presses OK, or chooses something. */
  #actBesidePhone(life: BoxRun): void {
    const { box, config, tell } = this.#scene;
    const { text } = life.screen;
    const chance = this.#parts.habits.beside(6);
    if (chance === null) return;
    if (ends.has(text)) {
      tell("people: OK, beside the phone");
      const ok: Key = { name: "confirm" };
      const digit: Key = { name: "digit", digit: 1 };
      const keys: readonly (readonly Key[])[] = [[ok], [ok, ok], [ok, ok], [digit]];
      this.press(life, keys[chance % keys.length] ?? [ok]);
      return;
    }
    if (config.amount.source !== "menu" || !this.#phoneRead) return;
    if (text !== "menu" && text !== "resting") return;
    tell("people: somebody else chooses, beside the phone");
    box.checker.chosenByAnother();
    this.press(life, [{ name: "digit", digit: (chance % 3) + 1 }]);
  }

  /** Fingers on the real keypad, one key after the other. */
  #type(keypad: SimulatedKeypad, keys: readonly Key[]): void {
    for (const [index, key] of keys.entries()) {
      const place = placeOf(key);
      if (place === null) continue;
      this.#scene.time.after(index * KEY_EVERY_MS, () => {
        keypad.tap(place.row, place.column, KEY_HELD_MS);
        this.#pressed(key);
      });
    }
  }

  #pressed(key: Key): void {
    const { box, config, time } = this.#scene;
    if (key.name === "confirm") box.checker.confirmed();
    const foreground = box.life?.box.turn?.box.foreground;
    if (foreground?.name !== "resting" || config.amount.source !== "fixed") return;
    const asking = key.name === "confirm" || key.name === "digit" || key.name === "point";
    const seen = time.now >= foreground.since + SEEN_MS;
    if (seen && (asking || key.name === "double-zero")) box.checker.left();
  }
}

function describe(act: Act): string {
  switch (act.kind) {
    case "keys":
      return `keys ${act.keys.map((key) => (key.name === "digit" ? key.digit : key.name)).join(" ")}`;
    case "scan":
      return `scan of ${act.text.length} characters`;
    case "code":
      return "wants to scan";
    case "unplug":
      return "pulls the scanner's plug";
    case "nothing":
      return "nothing";
  }
}
