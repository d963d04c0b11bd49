import { anyText, oneOf } from "./form.ts";
import type { Machine } from "./machine.ts";
import { questionStep } from "./question.ts";
import type { Section } from "./step.ts";

const name = "This box";

/** Which box this is. */
export const boxSection: Section = {
  name,
  about: "",
  steps: [
    questionStep({
      section: name,
      key: "box.language",
      text: "Language of the screens",
      help: "What customers and staff read on the display. zh is written in letters where the display has no signs for it.",
      form: oneOf([
        { name: "en", about: "English" },
        { name: "zh", about: "Chinese" },
      ]),
      proposal: "en",
    }),
    questionStep({
      section: name,
      key: "box.id",
      text: "Id of this box",
      help: "Unique among all your boxes: it is the name at the MQTT broker and part of every order number. 3 to 32 letters, digits, _ or -. It should never change again.",
      form: anyText,
      proposal: (_, { machine }) => proposedId(machine.names()),
    }),
    questionStep({
      section: name,
      key: "box.store",
      text: "Name of the store",
      help: "As customers know it. It also stands on their bill, unless the account says something else for bills.",
      form: anyText,
    }),
  ],
};

/** Names that every machine has which nobody has named. */
const unnamed = /^(?:localhost|raspberrypi|raspberry|debian|linux|ubuntu|buildroot)$/i;

/** An id from the machine's own name, or from the number of its board. */
function proposedId({ host, serial }: ReturnType<Machine["names"]>): string | null {
  const [first = ""] = host.split(".");
  const named = first.replace(/[^A-Za-z0-9_-]/g, "-").slice(0, 32);
  if (named.length >= 3 && !unnamed.test(named)) return named;
  const digits = (serial ?? "").replace(/[^0-9a-f]/gi, "").toLowerCase();
  return digits.length >= 4 ? `box-${digits.slice(-8)}` : null;
}
