import { invariant } from "../../core/kernel/defect.ts";
import type {
  HandledCall,
  RunningSandbox,
  SandboxBooks,
  SandboxKind,
  Story,
} from "../../providers/sandbox.ts";
import { sandboxKinds } from "../../providers/sandboxes.ts";
import { everyStory } from "../sandboxes.ts";

/** How the sandboxes of a demonstration are served. */
interface Settings {
  /** Multiplies all their times. */
  readonly pace: number;
  /** Hears of every call that was handled. */
  readonly observe: (call: HandledCall) => void;
}

/** One sandbox that listens. */
interface Served {
  readonly kind: SandboxKind;
  readonly running: RunningSandbox;
}

/** A sandbox for each provider, told and switched together. */
export class DemoSandboxes {
  readonly all: readonly Served[];
  #story: Story = storyOf(everyStory, "success");

  private constructor(all: readonly Served[]) {
    this.all = all;
  }

  /** Starts them; what was started is closed with the stack. */
  static async start(settings: Settings, stack: AsyncDisposableStack): Promise<DemoSandboxes> {
    const all: Served[] = [];
    for (const kind of sandboxKinds.values()) {
      const running = await kind.serve(settings);
      stack.defer(() => running.close());
      all.push({ kind, running });
    }
    return new DemoSandboxes(all);
  }

  get story(): Story {
    return this.#story;
  }

  /** Whether all of them are down. */
  get down(): boolean {
    return this.all.every(({ running }) => running.down);
  }

  /** What becomes of the next payments; where a sandbox knows no such story, they succeed. */
  async tell(story: Story): Promise<void> {
    this.#story = story;
    for (const { kind, running } of this.all)
      await running.tell(kind.storyNamed(story.name) ?? storyOf(kind, "success"));
  }

  /** Refuses connections, or takes them again; a story that would keep one down ends with that. */
  async setDown(down: boolean): Promise<void> {
    for (const { running } of this.all) await running.setDown(down);
    if (!down && this.all.every(({ running }) => running.story.name !== this.#story.name))
      this.#story = storyOf(everyStory, "success");
  }

  /** What the one that saw this order says of it; null where none did. */
  books(outTradeNo: string): SandboxBooks | null {
    for (const { running } of this.all) {
      const books = running.books(outTradeNo);
      if (books !== null) return books;
    }
    return null;
  }
}

function storyOf({ storyNamed }: Pick<SandboxKind, "storyNamed">, name: string): Story {
  const story = storyNamed(name);
  invariant(story !== null, `every sandbox has a story that is called ${name}`);
  return story;
}
