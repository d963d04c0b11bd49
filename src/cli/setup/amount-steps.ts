import { type Draft, textAt, valueAt, withoutValue } from "./draft.ts";
import { anyText, type Form, oneOf } from "./form.ts";
import { questionStep } from "./question.ts";
import type { Section } from "./step.ts";

const name = "What is to be paid";

const isSource = (source: string) => (draft: Draft) => textAt(draft, "amount.source") === source;

/** Items in one line, `KEY NAME PRICE` each, separated by semicolons. */
const menuForm: Form = {
  ...anyText,
  read: (text) => {
    const items = text.split(";").map((item) => /^\s*(\S)\s+(.+?)\s+(\d+(?:\.\d+)?)\s*$/.exec(item));
    if (items.some((item) => item === null)) {
      return { ok: false, why: "Type key, name and price of each, such as: 1 Cola 3.50; 2 Tea 2.00" };
    }
    const value = items.map((item) => ({
      key: item?.[1] ?? "",
      name: item?.[2] ?? "",
      price: item?.[3] ?? "",
    }));
    return { ok: true, value };
  },
  show: (value) =>
    Array.isArray(value)
      ? value
          .map(
            (item: { key: string; name: string; price: string }) => `${item.key} ${item.name} ${item.price}`,
          )
          .join("; ")
      : "",
};

/** Who says the amount, and how much it may be. */
export const amountSection: Section = {
  name,
  about: "Amounts are yuan.",
  steps: [
    questionStep({
      section: name,
      key: "amount.source",
      text: "Who says the amount",
      help: "keypad: staff type it. fixed: a machine that sells one thing. menu: the keys 1 to 9 sell one thing each. till: a program beside the box asks for it with scanbox pay.",
      form: oneOf([
        { name: "keypad", about: "it is typed on the box's keypad" },
        { name: "fixed", about: "every payment is the same" },
        { name: "menu", about: "each of the keys 1 to 9 has a price" },
        { name: "till", about: "a till asks for each amount through the box's socket" },
      ]),
      proposal: "keypad",
      also: tidy,
    }),
    questionStep({
      section: name,
      key: "amount.fixed",
      text: "The price",
      help: "In yuan, such as 5.00.",
      form: anyText,
      when: isSource("fixed"),
    }),
    questionStep({
      section: name,
      key: "amount.menu",
      text: "The menu",
      help: "Key, name and price of each item, separated by semicolons: 1 Cola 3.50; 2 Tea 2.00. Names have at most 12 letters that a display can show.",
      form: menuForm,
      when: isSource("menu"),
    }),
    questionStep({
      section: name,
      key: "amount.maximum",
      text: "The largest payment",
      help: "What is asked beyond it is refused: a guard against slips of the finger. At most 99999.99.",
      form: anyText,
      proposal: "3000.00",
      when: (draft) => isSource("keypad")(draft) || isSource("till")(draft),
    }),
  ],
};

/** What belongs to another source would be refused. */
function tidy(draft: Draft): Draft {
  const source = valueAt(draft, "amount.source");
  const unpriced = source === "fixed" ? draft : withoutValue(draft, "amount.fixed");
  return source === "menu" ? unpriced : withoutValue(unpriced, "amount.menu");
}
