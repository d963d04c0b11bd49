/**
 * What families of scanners want and answer, as data. A profile is asked for by name; a scanner that reads by itself
 * (presence or continuous mode) needs none but `plain`, whatever its brand. No profile sends a command that a scanner
 * stores: its flash wears out, and a setting that survives the box is a setting that nobody finds again.
 */

/** The names of the profiles, as a configuration gives them. */
export type ScannerProfileName = "plain" | "gm65" | "gm72";

/** What a box has to know about one family of scanners. */
export interface ScannerProfile {
  /** How a reading is started and stopped; null where the scanner reads by itself and nothing is sent. */
  readonly trigger: ScannerTrigger | null;
  /** What the scanner answers to being triggered, which is not part of any code. */
  readonly replies: readonly Uint8Array[];
}

/** The commands of a scanner that reads when it is told to. */
export interface ScannerTrigger {
  /** Sent before `start`, for scanners that sleep; null for those that do not. */
  readonly wake: { readonly bytes: Uint8Array; readonly beforeMs: number } | null;
  /** Starts one reading, which ends with a code or by itself. */
  readonly start: Uint8Array;
  /** Ends a reading before its time; null where there is no such command. */
  readonly stop: Uint8Array | null;
}

/** Opcodes of Zebra's Simple Serial Interface (SSI Programmer Guide, table of commands). */
const ACK = 0xd0;
const NAK = 0xd1;
const START_SESSION = 0xe4;
const STOP_SESSION = 0xe5;

/** Who speaks in an SSI frame. */
const DECODER = 0x00;
const HOST = 0x04;

/** Why an SSI scanner says no: send again, not now, not allowed, cancelled (SSI Programmer Guide, CMD_NAK). */
const nakCauses = [1, 2, 6, 10];

/** Every profile by its name. */
export const scannerProfiles: Readonly<Record<ScannerProfileName, ScannerProfile>> = {
  plain: { trigger: null, replies: [] },
  // GM65, GM861, GM60-S and their many clones in command mode: writing 1 to zone bit 0x0002 reads for 5 s at most, and
  // the seven bytes that confirm the write stand in front of the code (Grow GM65 manual, 8.3 and 8.5).
  gm65: {
    trigger: {
      wake: null,
      start: Uint8Array.of(0x7e, 0x00, 0x08, 0x01, 0x00, 0x02, 0x01, 0xab, 0xcd),
      stop: null,
    },
    replies: [Uint8Array.of(0x02, 0x00, 0x00, 0x01, 0x00, 0x33, 0x31)],
  },
  // GM72, GM69 and others that speak SSI in host mode; a scanner that dozes needs a byte and 50 ms to listen (Grow GM72
  // manual, serial commands).
  gm72: {
    trigger: {
      wake: { bytes: Uint8Array.of(0x00), beforeMs: 50 },
      start: ssiFrame(START_SESSION, HOST),
      stop: ssiFrame(STOP_SESSION, HOST),
    },
    replies: [ssiFrame(ACK, DECODER), ...nakCauses.map((cause) => ssiFrame(NAK, DECODER, cause))],
  },
};

/** Length without the checksum, opcode, speaker, status 0, what else there is, and the two's complement of the sum. */
function ssiFrame(opcode: number, speaker: number, ...rest: readonly number[]): Uint8Array {
  const body = [4 + rest.length, opcode, speaker, 0x00, ...rest];
  const checksum = -body.reduce((sum, byte) => sum + byte, 0) & 0xffff;
  return Uint8Array.of(...body, checksum >> 8, checksum & 0xff);
}
