import { drawGlass, type GlassSize } from "../core/codecs/glass.ts";
import type { Screen } from "../core/payment/screen.ts";
import type { Language } from "../core/payment/texts.ts";
import type { GlassLink } from "../runtime/ports.ts";

/** Keeps a character display at the newest screen. It writes only what differs from what already stands there. */
export class Display {
  readonly #link: GlassLink;
  readonly #language: Language;
  readonly #size: GlassSize;
  #rows: readonly string[] = [];

  constructor(parts: { readonly link: GlassLink; readonly language: Language; readonly size: GlassSize }) {
    this.#link = parts.link;
    this.#language = parts.language;
    this.#size = parts.size;
  }

  /** Shows the screen in place of the last one. */
  show(screen: Screen): void {
    const rows = drawGlass(screen, this.#language, this.#size);
    if (rows.every((row, index) => row === this.#rows[index])) return;
    this.#rows = rows;
    this.#link.write(rows);
  }
}
