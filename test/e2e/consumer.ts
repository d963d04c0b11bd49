import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { connect, type MqttClient } from "mqtt";
import { z } from "zod";
import { txEventSchema } from "../../src/reporting/tx-event.ts";
import { until } from "./until.ts";

/** A money event as it arrived. */
export type TxEvent = z.infer<typeof txEventSchema>;

const statusSchema = z.looseObject({
  type: z.enum(["scanbox.status.online.v1", "scanbox.status.offline.v1"]),
  data: z.looseObject({ online: z.boolean(), reason: z.enum(["stopped", "lost"]).nullable() }),
});

/** The integrator's side: subscribes to every box, keeps each message once, and objects to what the contract forbids. */
export class Consumer {
  /** Every payload that came, repetitions included. */
  readonly payloads: string[] = [];
  readonly #client: MqttClient;
  /** By box, journal and seq: the bytes. */
  readonly #bytes = new Map<string, string>();
  readonly #events = new Map<string, TxEvent[]>();
  readonly #status = new Map<string, z.infer<typeof statusSchema>["data"]>();
  readonly #objections: string[] = [];
  #subscribed = false;

  constructor(port: number) {
    this.#client = connect(`mqtt://127.0.0.1:${port}`, { reconnectPeriod: 100 });
    this.#client.on("message", (topic, payload) => this.#take(topic, payload.toString("utf8")));
    this.#client.on("error", () => {});
    this.#client.on("close", () => {
      this.#subscribed = false;
    });
    this.#client.on("connect", () => {
      this.#client.subscribe("scanbox/v1/#", { qos: 1 }, (error) => {
        this.#subscribed = error === null;
      });
    });
  }

  /** Waits until messages reach it. */
  async ready(): Promise<void> {
    await until(() => this.#subscribed, "the consumer is connected");
  }

  /** The events of a box, each once, in the order of their numbers. */
  events(box: string): readonly TxEvent[] {
    return [...(this.#events.get(box) ?? [])].sort((a, b) => a.seq - b.seq);
  }

  /** The states that an order went through, in order. */
  states(box: string, outTradeNo?: string): readonly string[] {
    return this.events(box)
      .filter(({ data }) => outTradeNo === undefined || data.outTradeNo === outTradeNo)
      .map(({ data }) => data.state);
  }

  /** The retained status of a box as it last came. */
  status(box: string): string {
    const status = this.#status.get(box);
    if (status === undefined) return "unknown";
    return status.online ? "online" : `offline, ${status.reason}`;
  }

  /** Fails where the events of a box are not whole: a gap, a second journal, a broken chain, other bytes for one number. */
  assertWhole(box: string): void {
    assert.deepEqual(this.#objections, []);
    const events = this.events(box);
    assert.ok(new Set(events.map(({ journal }) => journal)).size <= 1, `${box} has one journal`);
    assert.deepEqual(
      events.map(({ seq }) => seq),
      events.map((_, index) => index + 1),
      `the events of ${box} are dense from 1`,
    );
    let before: string | undefined;
    for (const { prev, journal, seq, boot, data, hash } of events) {
      assert.equal(prev, before, `event ${seq} of ${box} names the one before it`);
      const lines = [prev ?? "", journal, String(seq), boot, JSON.stringify(data)];
      assert.equal(createHash("sha256").update(lines.join("\n")).digest("hex"), hash);
      before = hash;
    }
  }

  async end(): Promise<void> {
    await this.#client.endAsync(true);
  }

  #take(topic: string, payload: string): void {
    this.payloads.push(payload);
    const [, , box = "", leaf = ""] = topic.split("/");
    try {
      if (leaf === "tx") this.#takeEvent(box, payload);
      else if (leaf === "status") this.#status.set(box, statusSchema.parse(JSON.parse(payload)).data);
      else this.#objections.push(`nobody knows the topic ${topic}`);
    } catch (error) {
      this.#objections.push(`${topic}: ${String(error)} in ${payload}`);
    }
  }

  #takeEvent(box: string, payload: string): void {
    const event = txEventSchema.parse(JSON.parse(payload));
    const { journal, seq, id, source, type, data } = event;
    const key = `${box}-${journal}-${seq}`;
    const known = this.#bytes.get(key);
    if (known !== undefined) {
      if (known !== payload) this.#objections.push(`${key} came with other bytes: ${known} and ${payload}`);
      return;
    }
    this.#bytes.set(key, payload);
    if (
      id !== key ||
      source !== `/box/${box}` ||
      data.box !== box ||
      type !== `scanbox.tx.${data.state}.v1`
    ) {
      this.#objections.push(`${key} contradicts itself: ${payload}`);
    }
    this.#events.set(box, [...(this.#events.get(box) ?? []), event]);
  }
}
