/** What a broker means by a number (MQTT 5, 2.4, and the return codes of MQTT 3.1.1, 3.2.2.3), as far as boxes meet it. */
const words: ReadonlyMap<number, string> = new Map([
  [0x01, "it does not speak this version of MQTT"],
  [0x02, "it does not take this client id"],
  [0x03, "it is unavailable"],
  [0x04, "user name or password are wrong"],
  [0x05, "not authorized"],
  [0x10, "nobody is subscribed, so it threw the message away"],
  [0x82, "it found an error in the protocol"],
  [0x84, "it does not speak this version of MQTT"],
  [0x85, "it does not take this client id"],
  [0x86, "user name or password are wrong"],
  [0x87, "not authorized"],
  [0x88, "it is unavailable"],
  [0x89, "it is busy"],
  [0x8a, "this client is banned"],
  [0x8b, "it is shutting down"],
  [0x8d, "it heard nothing for too long"],
  [0x8e, "another client has come with the same id: is there a second box with this box.id?"],
  [0x90, "the topic is not allowed"],
  [0x95, "the packet is larger than it takes"],
  [0x96, "too many messages at a time"],
  [0x97, "a quota is used up"],
  [0x99, "it does not like the form of the payload"],
  [0x9a, "it keeps no retained messages"],
  [0x9b, "it takes no message with QoS 1"],
  [0x9f, "too many connections at a time"],
]);

/** A reason code in words, with its number as the standards write it. */
export function mqttReason(code: number): string {
  const number = `0x${code.toString(16).toUpperCase().padStart(2, "0")}`;
  const known = words.get(code);
  return known === undefined ? `reason ${number}` : `${known} (${number})`;
}
