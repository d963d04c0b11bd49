import type { BoxStatus } from "../commands/status.ts";
import type { ProbeFailure } from "../core/payment/answers.ts";
import type { CodedBlocker } from "../core/payment/outage-code.ts";

/** Why the box takes no payments, where a code on the screen says it. */
export type Outage = CodedBlocker | ProbeFailure;

/** What each outage means and who can end it; a new one without a sentence does not compile. */
export const outages: Readonly<Record<Outage, readonly [means: string, remedy: string]>> = {
  stopping: [
    "The program was asked to end.",
    "Wait until it has started again; a charge that is on its way is finished first.",
  ],
  "journal-broken": [
    "The journal could not be written: the card is full, read-only or failing.",
    "Look at `journal.broken` in the log, mend or replace the storage, restart. Nothing is charged before that.",
  ],
  "journal-damaged": [
    "Old rows of the journal were found damaged while the box ran: the card is failing, or somebody changed the file.",
    "Look at `journal.damaged` in the log. Stop the box, run `scanbox journal quarantine`, start it again; replace the card.",
  ],
  "disk-full": [
    "The card is full: what is left of its room is kept for the records of open payments.",
    "Free some space; the box looks every ten seconds, and takes payments again by itself.",
  ],
  "account-gone": [
    "An order is open under an account that the configuration no longer has, or whose key cannot be read.",
    "Put that account back into `providers`, under its old id and with `charges: false`, and restart; the log names the orders.",
  ],
  unresolved: [
    "Four payments of each provider are still unresolved.",
    "Nothing: queries and reversals go on. `scanbox journal list --open` shows them.",
  ],
  "cannot-reverse": [
    "Reversals get no signed answer or are refused: the provider may not know the client certificate, or their host is cut off.",
    "Check the certificate in the provider's platform and the way to every host. It ends with the first signed answer.",
  ],
  "clock-untrusted": [
    "The clock is not known to be right, and the provider takes no request whose time is wrong.",
    "Give the box a way to a time server (NTP); `timedatectl` shows it. Nothing else is needed: it is looked at every 5 s.",
  ],
  clock: [
    "The provider says that the time of the box is wrong.",
    "Set the clock (`timedatectl`), and let NTP keep it right. The provider is asked again by itself.",
  ],
  "no-scanner": [
    "The scanner is not there, or another program holds it.",
    "Plug it in; it is read again within 3 s. Or end what holds it: `scanbox doctor` names it. Else check `scanner.path` and the group: `dialout`, for a keyboard `input`.",
  ],
  "invariant-broken": [
    "The program has contradicted itself; what is open is still asked about and reversed.",
    "Restart it, which reads the journal anew; send the log and the journal to whoever maintains the program.",
  ],
  misconfigured: [
    "The configuration has mistakes: what is open is brought to its end, and nothing is sold.",
    "`scanbox status` lists them, and `scanbox config check`; mend the file and restart.",
  ],
  "no-keypad": [
    "The keypad on which amounts are entered cannot be reached.",
    "Look at `pins.absent` in the log: the user's groups, or another program that holds the pins. It is tried again for ever.",
  ],
  "no-relay": [
    "The relay or an input of the machine cannot be reached, or its drop sensor stays on.",
    "Look at `pins.absent` or `relay.failed` in the log: another program may hold the pin, or the sensor is dirty.",
  ],
  "certificate-missing": [
    "The certificate of the account or its key cannot be read as PEM: reversals would be impossible.",
    "Check `certificate` of the account in `providers`; a `.p12` has to be converted to PEM first.",
  ],
  "certificate-mismatch": [
    "Certificate and private key do not belong together.",
    "Install the two files of one download.",
  ],
  "certificate-expired": [
    "The certificate is out of date, or the clock is wrong.",
    "Look at the date of the machine, then renew the certificate with the provider.",
  ],
  "api-key": [
    "The provider's answers do not fit the API key, or it refuses our signatures.",
    "Check `apiKey` of the account in `providers` (for WeChat Pay the one of API v2, 32 characters) and `signType`.",
  ],
  account: [
    "The provider does not accept this account for payment codes.",
    "Check `merchantId` and `appId` of the account in `providers`, their binding and the product permission in the provider's platform.",
  ],
  request: [
    "The provider does not take what this box sends: a value is wrong, too long or missing. The account itself is known.",
    "`provider.refused` in the log names it. Check `box.store`, and `body`, `sceneInfo`, `goodsTag`, `clientIp`, `notifyUrl` and sub-merchant of the account in `providers`.",
  ],
  "no-trust": [
    "The server's TLS certificate is not trusted.",
    "A captive portal, a proxy, or a wrong clock; else check `ca` of the account in `providers`.",
  ],
  "no-network": [
    "No host can be reached: no name, or no connection.",
    "Check cable, Wi-Fi and DNS. It heals by itself within a minute.",
  ],
  "no-answer": [
    "A host is reached and gives no usable answer.",
    "Usually passing; look for `provider.unknown` in the log if it stays.",
  ],
};

/** The outage of this name, or null where people need no sentence for it. */
export function outageOf(name: string): Outage | null {
  const known: readonly string[] = Object.keys(outages);
  return known.includes(name) ? (name as Outage) : null;
}

/** What a till hears of a box that takes no payments: a sentence with the code that the screen shows. */
export function outOfService({ reason, code }: Pick<BoxStatus["service"], "reason" | "code">): string {
  const outage = reason === null ? null : outageOf(reason);
  const what =
    outage === null
      ? "The box takes no payments now."
      : `Out of service${code === null ? "" : `, ${code}`}: ${outages[outage][0]}`;
  return `${what} See: scanbox status`;
}
