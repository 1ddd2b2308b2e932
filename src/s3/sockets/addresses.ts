import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import type { LookupFunction, Socket } from 'node:net';

/** All addresses of a name, the preferred family first. */
export type ResolveAddresses = (hostname: string) => Promise<readonly LookupAddress[]>;

/**
 * How long an answer is used: all connections of a window open within it by one question, and an address that has left
 * the DNS is soon left alone. The system does not tell the answer's own time, which is seconds for S3.
 */
const ANSWER_MS = 5_000;

/** How long an address that could not be reached stands last: long for a window of connections, short for a restart. */
const REFUSED_MS = 60_000;

/**
 * What one address may take while there is another. Node's own 250 ms is less than a round trip around the world, so on
 * such a path each address would be given up before it could answer.
 */
export const ADDRESS_TIMEOUT_MS = 1_000;

interface Answer {
  readonly addresses: Promise<readonly LookupAddress[]>;
  readonly untilMs: number;
}

/**
 * Spreads the connections of a client over all addresses of its endpoint, where the system would take the first for each:
 * S3 has many servers behind one name, and each has its own limits. Node tries the next address where one does not answer.
 */
export class AddressBook {
  readonly #resolve: ResolveAddresses;
  readonly #nowMs: () => number;
  readonly #answers = new Map<string, Answer>();
  readonly #refusedUntilMs = new Map<string, number>();
  #turn = 0;

  constructor(resolve: ResolveAddresses = resolveBySystem, nowMs = (): number => performance.now()) {
    this.#resolve = resolve;
    this.#nowMs = nowMs;
  }

  /** For `net.connect` and agents. */
  readonly lookup: LookupFunction = (hostname, options, callback) => {
    this.next(hostname).then(
      (addresses) => {
        const [first] = addresses;
        if (options.all === true) callback(null, [...addresses]);
        else callback(null, first?.address ?? '', first?.family);
      },
      (reason: unknown) => {
        callback(reason as NodeJS.ErrnoException, ''); // of dns.lookup
      },
    );
  };

  /**
   * The addresses in the order in which a new connection should try them: those of the family that the system prefers in
   * turn, then the other family, and last those that could not be reached lately.
   */
  async next(hostname: string): Promise<readonly LookupAddress[]> {
    const addresses = await this.#addressesOf(hostname);
    const preferred = addresses.filter(({ family }) => family === addresses[0]?.family);
    const others = addresses.filter(({ family }) => family !== addresses[0]?.family);
    const nowMs = this.#nowMs();
    const isRefused = ({ address }: LookupAddress): boolean =>
      (this.#refusedUntilMs.get(address) ?? 0) > nowMs;
    const able = preferred.filter((address) => !isRefused(address));
    const at = able.length === 0 ? 0 : this.#turn % able.length;
    this.#turn += 1;
    return [
      ...able.slice(at),
      ...able.slice(0, at),
      ...others.filter((address) => !isRefused(address)),
      ...addresses.filter(isRefused),
    ];
  }

  /** Notes which addresses this new socket does not reach. */
  watch(socket: Socket): void {
    const note = (address: string): void => {
      this.#refusedUntilMs.set(address, this.#nowMs() + REFUSED_MS);
    };
    socket.on('connectionAttemptFailed', note);
    socket.on('connectionAttemptTimeout', note);
  }

  #addressesOf(hostname: string): Promise<readonly LookupAddress[]> {
    const known = this.#answers.get(hostname);
    if (known !== undefined && known.untilMs > this.#nowMs()) return known.addresses;
    const addresses = this.#resolve(hostname);
    const answer = { addresses, untilMs: this.#nowMs() + ANSWER_MS };
    this.#answers.set(hostname, answer);
    addresses.catch(() => {
      // The next connection asks again.
      if (this.#answers.get(hostname) === answer) this.#answers.delete(hostname);
    });
    return addresses;
  }
}

/** In the order of the system, which knows the preferred family (RFC 6724). */
function resolveBySystem(hostname: string): Promise<readonly LookupAddress[]> {
  return new Promise((resolve, reject) => {
    systemLookup(hostname, { all: true }, (error, addresses) => {
      if (error === null) resolve(addresses);
      else reject(error);
    });
  });
}
