/** Bytes from readable hex: white space is ignored, `#` starts a comment, "text" stands for its UTF-8 bytes. */
export function hex(text: string): Buffer {
  const parts = text.split('\n').flatMap((line) => {
    const tokens = line.match(/"[^"]*"|#.*|[^\s"#]+/g) ?? [];
    return tokens.filter((token) => !token.startsWith('#')).map(tokenBytes);
  });
  return Buffer.concat(parts);
}

function tokenBytes(token: string): Buffer {
  if (token.startsWith('"')) return Buffer.from(token.slice(1, -1));
  if (!/^([0-9a-f]{2})+$/.test(token)) throw new TypeError(`Not hex: ${token}`);
  return Buffer.from(token, 'hex');
}

/** A whole request: the header is made, the body given. */
export function requestBytes(opcode: number, unique: bigint, nodeId: bigint, body: Uint8Array): Buffer {
  const header = Buffer.alloc(40);
  header.writeUInt32LE(40 + body.length, 0);
  header.writeUInt32LE(opcode, 4);
  header.writeBigUInt64LE(unique, 8);
  header.writeBigUInt64LE(nodeId, 16);
  header.writeUInt32LE(1000, 24);
  header.writeUInt32LE(1000, 28);
  header.writeUInt32LE(42, 32);
  return Buffer.concat([header, body]);
}
