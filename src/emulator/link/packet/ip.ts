const PROTOCOL_OFFSET = 9;
const TCP = 6;

export function isIpv4(packet: Uint8Array): boolean {
  return packet.length >= 20 && (packet[0] ?? 0) >> 4 === 4;
}

/**
 * A number for the connection of an IPv4 packet: both TCP ports. The addresses are the same in all packets of a link;
 * what is not TCP is one connection.
 */
export function flowOf(packet: Buffer): number {
  const headerBytes = ((packet[0] ?? 0) & 0xf) * 4;
  if (packet[PROTOCOL_OFFSET] !== TCP || packet.length < headerBytes + 4) return 0;
  return packet.readUInt32BE(headerBytes);
}
