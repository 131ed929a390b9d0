// What went wrong -> the answer that says so: which party, and what to type next.

import { CdnError, messageOf, systemCode, type ErrorCode } from '../base/errors.js';
import { printable, printableAscii } from '../base/printable.js';
import type { Layer } from '../net/handler.js';
import { jsonResponse, type HttpHandler, type HttpRequest, type HttpResponse } from '../net/http/message.js';
import type { Log } from '../observe/log.js';
import { selectMediaType } from './negotiate.js';
import { errorPage } from './pages/error-page.js';
import { pageResponse } from './pages/respond.js';
import { TooBusy } from './too-busy.js';

export interface Failure {
  readonly status: number;
  readonly code: ErrorCode | undefined;
  /** A few words for the heading. */
  readonly title: string;
  /** A sentence or two. */
  readonly message: string;
  readonly suggestions: readonly string[];
  /** When the same request may succeed, where that is known (RFC 9110 §10.2.3). */
  readonly retryAfterSeconds?: number;
}

const TITLES: Partial<Readonly<Record<ErrorCode, string>>> = {
  DNS_UNREACHABLE: 'DNS is not answering',
  DNS_FAILURE: 'DNS could not say',
  NO_SUCH_NAME: 'DNS has no such name',
  NO_SUCH_OBJECT: 'The store has no such video',
  STORE_UNREACHABLE: 'The store is not answering',
  PEER_PROTOCOL: 'The other side spoke nonsense',
  INCOMPLETE: 'The store broke off',
  DIGEST_MISMATCH: 'Other bytes than promised',
  DISK_WRITE: 'The portal has no room',
};

const NEXT: Partial<Readonly<Record<ErrorCode, readonly string[]>>> = {
  DNS_UNREACHABLE: ['cdn dns'],
  DNS_FAILURE: ['cdn dns'],
  STORE_UNREACHABLE: ['cdn store'],
};

const TIMEOUTS = new Set(['ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);

/** RFC 9110 §15.6.5: 504 where the other side was silent, §15.6.3: 502 where it refused or answered badly. */
function selectStatus(error: CdnError): number {
  if (error.code === 'DISK_WRITE' || error.code === 'TERMINATED') return 503;
  return error.code === 'DNS_UNREACHABLE' || TIMEOUTS.has(systemCode(error.cause) ?? '') ? 504 : 502;
}

export function describeFailure(error: unknown): Failure {
  if (error instanceof TooBusy) {
    const { message, retryAfterSeconds } = error;
    return { status: 503, code: undefined, title: 'The portal is busy', message, suggestions: [], retryAfterSeconds };
  }
  if (!(error instanceof CdnError)) {
    return {
      status: 500,
      code: undefined,
      title: 'The portal made a mistake',
      message: 'This request failed through a fault of the portal itself; its log has the details. Other pages may work.',
      suggestions: [],
    };
  }
  return {
    status: selectStatus(error),
    code: error.code,
    title: TITLES[error.code] ?? 'This did not work',
    message: error.message,
    suggestions: error.suggestions.length > 0 ? error.suggestions : (NEXT[error.code] ?? []),
  };
}

/** A page for browsers, JSON for those who like that better. */
export function failureResponse(request: HttpRequest, failure: Failure): HttpResponse {
  const { status, code, title, message, suggestions, retryAfterSeconds } = failure;
  const retry = retryAfterSeconds === undefined ? undefined : { 'retry-after': String(retryAfterSeconds) };
  const common = { vary: 'Accept', 'cache-control': 'no-store', ...retry };
  if (selectMediaType(request.fields['accept'], ['text/html', 'application/json']) === 'application/json') {
    return jsonResponse(status, { error: { status, code, title, message, suggestions } }, common);
  }
  return pageResponse(status, errorPage(failure), common);
}

/** One request may fail; the portal may not. */
export function failures(env: { readonly log: Log }): Layer<HttpHandler> {
  const { log } = env;
  return (next) => async (request) => {
    try {
      return await next(request);
    } catch (error) {
      const failure = describeFailure(error);
      const what = `${printableAscii(request.method)} ${printableAscii(request.target)} failed: ${printable(messageOf(error))}`;
      if (request.signal.aborted) log.debug(what);
      else if (error instanceof CdnError) log.warn(what, { code: error.code, status: failure.status });
      else if (error instanceof TooBusy) log.warn(what, { status: failure.status });
      else log.error(what, { stack: error instanceof Error ? error.stack : undefined });
      return failureResponse(request, failure);
    }
  };
}
