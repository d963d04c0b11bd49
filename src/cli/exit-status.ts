/** What the exit status of every command means; scripts rely on it. */
export const exitStatus = {
  /** What was asked for is done. */
  done: 0,
  /** The answer is no: a payment was declined, a journal does not verify. */
  no: 1,
  /** The command line or the configuration is wrong; stderr says how. */
  usage: 2,
  /** The outcome is not known yet: ask again. */
  unknown: 3,
  /** A fault of this program; stderr has the stack. */
  defect: 70,
} as const;
