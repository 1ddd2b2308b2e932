import type { S3Credentials } from '../../s3/connection.js';

/** A second account of a server, whose keys change while it runs: those of before are refused from then on. */
export class Guest {
  #credentials: S3Credentials | undefined;
  readonly #expired = new Set<string>();

  /** @param credentials - Undefined: there is no guest any more. */
  admit(credentials: S3Credentials | undefined): void {
    const before = this.#credentials;
    if (before?.sessionToken !== undefined) this.#expired.add(before.accessKeyId);
    this.#credentials = credentials;
  }

  get credentials(): S3Credentials | undefined {
    return this.#credentials;
  }

  /** Keys of a session that is over: S3 says so, where it does not know others that are gone. */
  hasExpired(accessKeyId: string): boolean {
    return this.#expired.has(accessKeyId);
  }
}
