import { usageError } from '../../errors/failure.js';
import type { RelayTarget } from './relay.js';

/** The server behind a link. */
export interface Upstream {
  readonly url: URL;
  readonly isTls: boolean;
  readonly target: RelayTarget;
  /** What a client is to be given for a link that listens there; over TLS with the name that the certificate has. */
  endpointAt(host: string, port: number): string;
}

/** @throws Failure `usage` for what is no `http://HOST:PORT` or `https://HOST:PORT`. */
export function upstreamOf(text: string): Upstream {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || !/^\/?$/.test(url.pathname)) {
    throw usageError(
      `"${text}" is no address of an S3 server`,
      'Give --upstream http://HOST:PORT or https://HOST',
      text,
    );
  }
  const isTls = url.protocol === 'https:';
  const port = url.port === '' ? (isTls ? 443 : 80) : Number(url.port);
  return {
    url,
    isTls,
    target: { host: url.hostname.replace(/^\[|\]$/g, ''), port },
    endpointAt: (host, at) => {
      const name = isTls ? url.hostname : host.includes(':') ? `[${host}]` : host;
      return `${url.protocol}//${name}:${at}`;
    },
  };
}
