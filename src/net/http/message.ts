// HTTP messages as values. A handler returns a response; only the transport writes it, once.

import type { Endpoint } from '../address.js';
import type { Eventual } from '../handler.js';

/** Field names in lower case. Lines of one name are joined with ", " (RFC 9110 §5.2); Set-Cookie, which can't be joined, is none of them. */
export type HeaderFields = Readonly<Record<string, string>>;

export interface HttpRequest {
  /** Case-sensitive (RFC 9110 §9.1). */
  readonly method: string;
  /** The request target as sent, in origin form: path and query, not decoded. */
  readonly target: string;
  /** As it came, where it isn't `METHOD target HTTP/1.1`; for logs. */
  readonly requestLine?: string;
  readonly fields: HeaderFields;
  readonly peer: Endpoint;
  readonly local: Endpoint;
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal;
  /** Sends an interim answer (RFC 9110 §15.2) before the answer itself; absent where the client must get none (HTTP/1.0). Nothing once the answer has begun. */
  readonly interim?: ((status: number, fields: HeaderFields) => void) | undefined;
  /** What the request carries; absent where it carries nothing, or the server has no use for it. */
  readonly content?: HttpContent;
}

export interface HttpContent {
  /** In octets; undefined when only its end tells. */
  readonly length: number | undefined;
  /** Once, at the sender's pace. Throws where it ends early, or is longer than the server takes. */
  read(): AsyncIterable<Uint8Array>;
}

export type HttpBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /** Octets that are in memory already, `length` of them in all, sent in their order at the reader's pace; nobody may change them meanwhile. */
  | { readonly kind: 'slices'; readonly length: number; readonly slices: readonly Uint8Array[] }
  /** Opened at most once, and not at all for HEAD. Exactly `length` octets when that is known. */
  | { readonly kind: 'stream'; readonly length: number | undefined; open(signal: AbortSignal): AsyncIterable<Uint8Array> };

export interface HttpResponse {
  readonly status: number;
  /** Without Content-Length, Transfer-Encoding and Connection: the transport knows those. It dates what has no Date. */
  readonly fields: HeaderFields;
  /** Lines of Set-Cookie (RFC 9110 §5.3). */
  readonly cookies?: readonly string[];
  readonly body: HttpBody;
  /** Called once when the last octet was handed to the system, or the transfer broke off. */
  readonly finished?: (outcome: TransferOutcome) => void;
}

export interface TransferOutcome {
  readonly complete: boolean;
  /** Octets of the body handed to the socket. */
  readonly bytes: number;
  readonly durationMs: number;
}

export type HttpHandler = (request: HttpRequest) => Eventual<HttpResponse>;

export const NO_BODY: HttpBody = { kind: 'none' };

/** A complete response whose body is `text` in UTF-8. */
export function textResponse(status: number, text: string, fields: HeaderFields = {}): HttpResponse {
  return {
    status,
    fields: { 'content-type': 'text/plain; charset=utf-8', ...fields },
    body: { kind: 'bytes', bytes: Buffer.from(text, 'utf8') },
  };
}

export function jsonResponse(status: number, value: unknown, fields: HeaderFields = {}): HttpResponse {
  return textResponse(status, `${JSON.stringify(value)}\n`, { 'content-type': 'application/json', ...fields });
}
