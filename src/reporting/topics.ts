/** The topics of one box (README.md, MQTT); `box` is its id, which is also its client id. */
export interface Topics {
  /** Retained, and the last will. */
  readonly status: string;
  /** Money events of the journal. */
  readonly tx: string;
  /** The host's cumulative confirmation. */
  readonly ack: string;
}

/** Names the topics of a box. */
export function topicsOf(box: string): Topics {
  const root = `scanbox/v1/${box}`;
  return { status: `${root}/status`, tx: `${root}/tx`, ack: `${root}/ack` };
}
