import { existsSync, readFileSync } from 'node:fs';
import { CHOICES, DEFAULT_TCP_CONGESTION } from '../../config/defaults.js';
import type { Config } from '../../config/schema.js';
import { tryTcpCongestion } from '../../libc/tcp-congestion.js';
import { missing, ok, type Finding } from './check.js';

const FOLDER = '/proc/sys/net/ipv4';
const NAME = 'TCP congestion control';

/** What a look at the kernel needs of the machine; given by tests. */
export interface CongestionFacts {
  /** The text of a file of `/proc/sys/net/ipv4`; `undefined` where there is none. */
  readonly read: (file: string) => string | undefined;
  /** The error of a real setsockopt with this name on a new socket; `undefined` where it was taken. */
  readonly attempt: (name: string) => string | undefined;
}

const MACHINE: CongestionFacts = {
  read: (file) => {
    const path = `${FOLDER}/${file}`;
    return existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined;
  },
  attempt: tryTcpCongestion,
};

/** Which congestion controls our sockets may have, by trial, and whether that of `s3.tcpCongestion` is one of them. */
export function checkCongestion(
  { tcpCongestion }: Pick<Config['s3'], 'tcpCongestion'>,
  facts: CongestionFacts = MACHINE,
): Finding {
  const inUse = facts.read('tcp_congestion_control');
  const asked = `s3.tcpCongestion: ${tcpCongestion}`;
  if (inUse === undefined) {
    return missing(NAME, `unknown; ${asked}`, 'Only Linux has it; connections work without');
  }
  const names = CHOICES.tcpCongestion.filter((name) => name !== DEFAULT_TCP_CONGESTION);
  const tried = names.map((name) => ({ name, refusal: facts.attempt(name) }));
  const taken = tried.filter(({ refusal }) => refusal === undefined).map(({ name }) => name);
  const allowed = facts.read('tcp_allowed_congestion_control') ?? 'not told';
  const detail = [
    `${inUse} by default`,
    `sockets take ${taken.join(', ') || 'no other'}`,
    `allowed to all: ${allowed}`,
    asked,
  ].join('; ');
  const refusal = tried.find(({ name }) => name === tcpCongestion)?.refusal;
  if (refusal === undefined) return ok(NAME, detail);
  return missing(NAME, `${detail}, refused (${refusal})`, remedyOf(tcpCongestion, refusal));
}

function remedyOf(name: string, refusal: string): string {
  if (refusal === 'EPERM') {
    return `Connections keep the default. As root: add ${name} to net.ipv4.tcp_allowed_congestion_control (sysctl -w)`;
  }
  return `Connections keep the default. As root, where the kernel has it: modprobe tcp_${name}`;
}
