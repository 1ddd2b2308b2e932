import type { IncomingMessage } from 'node:http';
import type { AskedRequest } from '../faults/faults.js';
import { RequestHead } from '../protocol/request-head.js';
import { S3Error } from '../protocol/s3-error.js';
import type { Operation } from '../operations/request.js';
import { addressOf, type Address } from './address.js';
import { ROUTES, type Level, type Route } from './routes.js';
import { subresourceOf, unimplementedName } from './subresources.js';

/** An operation for a request that none does: it has a name for the counts, and it refuses. */
function refusing(name: string, error: () => S3Error): Operation {
  return { name, run: () => Promise.reject(error()) };
}

/** Finds the operation that a request asks for; unknown ones answer `NotImplemented` with their name. */
export function findOperation(head: RequestHead, address: Address): Operation {
  const level = levelOf(address);
  const route = ROUTES.find((candidate) => fits(candidate, level, head));
  const subresource = subresourceOf(head, level);
  if (route !== undefined && (subresource === undefined || names(route, subresource))) return route.operation;
  if (subresource !== undefined) {
    const name = unimplementedName(head.method, level, subresource);
    return refusing(
      name,
      () => new S3Error('NotImplemented', { message: `${name} is not implemented by this server` }),
    );
  }
  return refusing('Unknown', () => {
    const details = { Method: head.method, ResourceType: level.toUpperCase() };
    return new S3Error('MethodNotAllowed', { details });
  });
}

/** What a request asks for, whoever will answer it; undefined where it can not be read. */
export function askedOf(request: IncomingMessage, baseHost: string): AskedRequest | undefined {
  try {
    const head = RequestHead.of(request);
    const address = addressOf(head, baseHost);
    return {
      ...address,
      operation: findOperation(head, address).name,
      method: head.method,
      query: head.query,
    };
  } catch {
    // Its server will say what is wrong with it.
    return undefined;
  }
}

function levelOf({ bucket, key }: Address): Level {
  if (bucket === '') return 'service';
  return key === '' ? 'bucket' : 'object';
}

function fits(route: Route, level: Level, head: RequestHead): boolean {
  if (route.level !== level || route.method !== head.method) return false;
  if (route.header !== undefined && !head.headers.has(route.header)) return false;
  return (route.parameters ?? []).every((parameter) => {
    const [name = '', value] = parameter.split('=');
    return value === undefined ? head.hasParameter(name) : head.parameter(name) === value;
  });
}

function names(route: Route, subresource: string): boolean {
  return (route.parameters ?? []).some((parameter) => parameter.split('=')[0] === subresource);
}
