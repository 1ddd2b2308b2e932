import type { IncomingMessage } from 'node:http';
import { parseQuery, uriDecode, type QueryParameter } from './uri.js';

/** Header fields by name in lower case; what Node hands over, bytes as Latin-1 characters. */
export class HeaderFields {
  readonly #values = new Map<string, string[]>();

  /** @param raw - Name, value, name, value, as in `IncomingMessage.rawHeaders`. */
  constructor(raw: readonly string[]) {
    for (let index = 0; index + 1 < raw.length; index += 2) {
      const name = (raw[index] ?? '').toLowerCase();
      const values = this.#values.get(name);
      if (values === undefined) this.#values.set(name, [raw[index + 1] ?? '']);
      else values.push(raw[index + 1] ?? '');
    }
  }

  /** The value, several fields of one name joined by `,`; absent where the request does not have it. */
  get(name: string): string | undefined {
    return this.#values.get(name)?.join(',');
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  all(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  names(): IterableIterator<string> {
    return this.#values.keys();
  }
}

/** The request line and header fields, decoded once. */
export class RequestHead {
  readonly method: string;
  /** Decoded, begins with `/`. */
  readonly path: string;
  readonly query: readonly QueryParameter[];
  readonly headers: HeaderFields;

  /** @throws S3Error `InvalidURI`. */
  constructor(method: string, target: string, rawHeaders: readonly string[]) {
    const mark = target.indexOf('?');
    const rawPath = (mark < 0 ? target : target.slice(0, mark)).replace(/^https?:\/\/[^/]*/i, '');
    this.method = method;
    this.path = uriDecode(rawPath === '' ? '/' : rawPath);
    this.query = mark < 0 ? [] : parseQuery(target.slice(mark + 1));
    this.headers = new HeaderFields(rawHeaders);
  }

  static of(request: IncomingMessage): RequestHead {
    return new RequestHead(request.method ?? 'GET', request.url ?? '/', request.rawHeaders);
  }

  header(name: string): string | undefined {
    return this.headers.get(name);
  }

  /** The first value of a query parameter; '' where it stands without a value. */
  parameter(name: string): string | undefined {
    return this.query.find((parameter) => parameter.name === name)?.value;
  }

  hasParameter(name: string): boolean {
    return this.query.some((parameter) => parameter.name === name);
  }
}
