// The account a resolver gives of its own work, in a private EDNS option (65001, of the range for
// local and experimental use, RFC 6891 §9): a query's option carries 16 octets of trace ID, with
// eight of span ID where spans are exported, an answer's the account as JSON in UTF-8, so that dig shows it legibly.

import type { EdnsOption } from './message.js';

export const ACCOUNT_OPTION = 65_001;

/** One question that the resolver put to an authority, and what came of it. */
export interface AccountedExchange {
  /** Milliseconds since the resolver got its client's question. */
  readonly at: number;
  /** How many milliseconds it took. */
  readonly ms: number;
  /** "127.0.0.1:53012", the resolver. */
  readonly from: string;
  /** "127.0.0.1:40723", the authority. */
  readonly to: string;
  readonly transport: 'udp' | 'tcp';
  /** The apex of the zone that was asked: "hiscinema.com.". */
  readonly authority: string;
  readonly name: string;
  readonly type: string;
  readonly rcode: string;
  /** Lines of a master file: the answer section; of a referral, the authority and additional sections. */
  readonly records: readonly string[];
  /** Records out of bailiwick, not believed. */
  readonly ignored?: readonly string[];
}

export interface Account {
  /** Whether the whole answer came from the cache. */
  readonly cached: boolean;
  readonly exchanges: readonly AccountedExchange[];
}

const TRACE_ID_OCTETS = 16;
const SPAN_ID_OCTETS = 8;
/** Beyond it the last exchanges are left out: the account must never crowd out the answer. */
const MAX_ACCOUNT_OCTETS = 16_384;

export function encodeAccount(account: Account): EdnsOption {
  for (let count = account.exchanges.length; ; count -= 1) {
    const data = Buffer.from(JSON.stringify({ cached: account.cached, exchanges: account.exchanges.slice(0, count) }), 'utf8');
    if (data.length <= MAX_ACCOUNT_OCTETS || count === 0) return { code: ACCOUNT_OPTION, data: new Uint8Array(data) };
  }
}

/** undefined for another option, and for anything that isn't an account, whole and of the right types. */
export function decodeAccount(option: EdnsOption): Account | undefined {
  if (option.code !== ACCOUNT_OPTION) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(option.data));
  } catch {
    return undefined;
  }
  if (!isObject(value) || typeof value['cached'] !== 'boolean' || !Array.isArray(value['exchanges'])) return undefined;
  const exchanges = value['exchanges'].map(readExchange);
  const whole = exchanges.filter((exchange) => exchange !== undefined);
  return whole.length === exchanges.length ? { cached: value['cached'], exchanges: whole } : undefined;
}

/** @throws RangeError unless it is 32 hexadecimal digits, as observe/trace.ts makes them. */
export function encodeTraceId(traceId: string): EdnsOption {
  if (!/^[0-9a-f]{32}$/i.test(traceId)) throw new RangeError(`not a trace ID: ${traceId}`);
  return { code: ACCOUNT_OPTION, data: new Uint8Array(Buffer.from(traceId, 'hex')) };
}

/** The trace ID, and behind it the eight octets of the span that asks: where spans are exported, the answer's is its child. */
export function encodeTraceContext(context: { readonly traceId: string; readonly spanId: string }): EdnsOption {
  if (!/^[0-9a-f]{16}$/i.test(context.spanId)) throw new RangeError(`not a span ID: ${context.spanId}`);
  return { code: ACCOUNT_OPTION, data: new Uint8Array(Buffer.concat([encodeTraceId(context.traceId).data, Buffer.from(context.spanId, 'hex')])) };
}

/** 32 hexadecimal digits in lower case; undefined for another option, and for zero, which no trace has. */
export function decodeTraceId(option: EdnsOption): string | undefined {
  const { code, data } = option;
  if (code !== ACCOUNT_OPTION || (data.length !== TRACE_ID_OCTETS && data.length !== TRACE_ID_OCTETS + SPAN_ID_OCTETS)) return undefined;
  const traceId = Buffer.from(data.subarray(0, TRACE_ID_OCTETS)).toString('hex');
  return /[^0]/.test(traceId) ? traceId : undefined;
}

/** The span that asks, 16 hexadecimal digits; undefined where it isn't told. */
export function decodeParentSpan(option: EdnsOption): string | undefined {
  if (decodeTraceId(option) === undefined || option.data.length === TRACE_ID_OCTETS) return undefined;
  const spanId = Buffer.from(option.data.subarray(TRACE_ID_OCTETS)).toString('hex');
  return /[^0]/.test(spanId) ? spanId : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A stranger's line goes to somebody's terminal: no control characters. */
function isLine(value: unknown): value is string {
  return typeof value === 'string' && !/\p{Cc}/u.test(value);
}

function isLines(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isLine);
}

function isDuration(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

/** Takes what it knows, so that members of a later version do no harm. */
function readExchange(value: unknown): AccountedExchange | undefined {
  if (!isObject(value)) return undefined;
  const { at, ms, from, to, transport, authority, name, type, rcode, records, ignored } = value;
  if (!isDuration(at) || !isDuration(ms) || !isLine(from) || !isLine(to) || (transport !== 'udp' && transport !== 'tcp')) return undefined;
  if (!isLine(authority) || !isLine(name) || !isLine(type) || !isLine(rcode) || !isLines(records)) return undefined;
  if (ignored !== undefined && !isLines(ignored)) return undefined;
  const exchange: AccountedExchange = { at, ms, from, to, transport, authority, name, type, rcode, records };
  return ignored === undefined ? exchange : { ...exchange, ignored };
}
