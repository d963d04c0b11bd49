import { type Draft, problemsAt, textAt, withValue } from "./draft.ts";
import { sourceOrNone, textOrNone } from "./form.ts";
import { has } from "./pins-text.ts";
import { ask, questionStep } from "./question.ts";
import { secretStep } from "./secret-step.ts";
import type { Section, Step } from "./step.ts";

const name = "Reports over MQTT";

const urlStep: Step = {
  section: name,
  when: () => true,
  run: async ({ draft, secrets }, { dialogue }) => {
    const answered = (value: unknown): Draft =>
      value === null ? withValue(draft, "mqtt", null) : withValue(draft, "mqtt.url", value);
    const answer = await ask(dialogue, {
      text: "Address of the broker",
      help: "mqtts://HOST or, only within a network of your own, mqtt://HOST; a port may follow. none where payments are only recorded here.",
      form: textOrNone,
      proposal: textAt(draft, "mqtt.url") ?? "none",
      refuse: (value) => (value === null ? [] : problemsAt(answered(value), "mqtt.url")),
    });
    if (answer.kind === "back") return "back";
    return { draft: answer.kind === "skip" ? draft : answered(answer.value), secrets };
  },
};

const hasUser = (draft: Draft): boolean => textAt(draft, "mqtt.username") !== null;

/** Whom the box reports to. */
export const brokerSection: Section = {
  name,
  about: "",
  steps: [
    urlStep,
    questionStep({
      section: name,
      key: "mqtt.ca",
      text: "Authority of the broker, path of its certificate",
      help: "none where a public authority has signed the broker's certificate. Else the PEM file of your own authority; credential:NAME means what systemd hands to the service under that name.",
      form: sourceOrNone,
      proposal: "none",
      when: (draft) => textAt(draft, "mqtt.url")?.startsWith("mqtts:") === true,
    }),
    questionStep({
      section: name,
      key: "mqtt.username",
      text: "User name at the broker",
      help: "none where the broker takes everybody, or knows the box by a certificate: mqtt.cert and mqtt.key in the file.",
      form: textOrNone,
      proposal: "none",
      when: has("mqtt"),
      also: (draft) => (hasUser(draft) ? draft : withValue(draft, "mqtt.password", null)),
    }),
    secretStep({
      section: name,
      key: "mqtt.password",
      fileName: "mqtt-password",
      text: "Password at the broker (not shown)",
      help: "It is written into a file of its own that only the service can read.",
      when: hasUser,
    }),
  ],
};
