// Spans of every party, where OTEL_EXPORTER_OTLP_ENDPOINT says where they go: what wraps a handler makes server
// spans, what wraps a client makes client spans and tells the other side whose child it is. Without the
// variable nothing is wrapped.

import type { Clock } from '../base/clock.js';
import { messageOf } from '../base/errors.js';
import type { Random } from '../base/random.js';
import { formatEndpoint } from '../net/address.js';
import { ACCOUNT_OPTION, decodeParentSpan, decodeTraceId, encodeTraceContext } from '../net/dns/account.js';
import { findOption } from '../net/dns/edns.js';
import type { DnsExchange } from '../net/dns/exchange.js';
import { RCODE, type DnsHandler, type DnsMessage, type DnsReply } from '../net/dns/message.js';
import { formatRcode, formatType } from '../net/dns/text.js';
import type { Take, TransferClient } from '../net/http/client.js';
import type { HeaderFields, HttpHandler, HttpResponse } from '../net/http/message.js';
import { post } from '../net/http/post.js';
import { withoutSignature } from '../net/http/signed-url.js';
import type { Log } from '../observe/log.js';
import { createSpanExporter, type SpanExporter } from '../observe/otlp.js';
import { createTracer, type FinishedSpan, type OpenSpan, type Tracer } from '../observe/spans.js';
import { formatTraceparent, parseTraceparent } from '../observe/trace.js';

export interface Tracing {
  readonly tracer: Tracer;
  /** Those of `service` whose query belongs to a trace. */
  dns(service: string, handler: DnsHandler): DnsHandler;
  /** Those of `service` whose request belongs to a trace; with `roots` all of them. */
  http(service: string, handler: HttpHandler, options?: { readonly roots?: boolean }): HttpHandler;
  exchange(exchange: DnsExchange): DnsExchange;
  client(client: TransferClient): TransferClient;
  /** What an edge pulls from. */
  origin<Q extends Asked, R extends Content>(origin: Source<Q, R>): Source<Q, R>;
  /** What a client of this process begins in this trace is this span's child. */
  adopt(root: OpenSpan): void;
  /** A span that ended in a process that has no exporter of its own. */
  add(span: FinishedSpan): void;
  close(): Promise<void>;
}

/** As much of a request, an answer and whoever answers as a span is made of. */
interface Asked {
  readonly method: string;
  readonly target: string;
  readonly fields: HeaderFields;
}

interface Content {
  readonly status: number;
  readonly body: AsyncIterable<Uint8Array>;
  readonly drain?: (take: Take) => Promise<void>;
  discard(): void;
}

interface Source<Q extends Asked, R extends Content> {
  readonly url: string;
  request(request: Q): Promise<R>;
  close(): Promise<void>;
}

export interface TracingOptions {
  /** Where the collector is: "http://127.0.0.1:4318". */
  readonly endpoint: URL;
  readonly fields: Readonly<Record<string, string>>;
  readonly version: string;
}

const POST_MS = 5000;
/** How long an end waits for the last spans to be taken. */
const GRACE_MS = 1000;

/** OTLP/HTTP: the signal's path behind the endpoint's own. */
function tracesUrl(endpoint: URL): URL {
  const url = new URL(endpoint);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/v1/traces`;
  return url;
}

function isMessage(reply: DnsReply): reply is DnsMessage {
  return 'rcode' in reply;
}

/** RFC 1035 §4.1.1: that there is no such name is an answer; what is below or beyond is a failure. */
function dnsOutcome(message: DnsMessage) {
  const rcode = formatRcode(message.rcode);
  const failed = message.rcode !== RCODE.NOERROR && message.rcode !== RCODE.NXDOMAIN;
  return { attributes: { 'dns.response.code': rcode, ...(failed && { 'error.type': rcode }) }, error: failed ? rcode : undefined };
}

function dnsAttributes(message: DnsMessage) {
  const [question] = message.questions;
  // Letter case is a secret between resolver and authority, and no part of the name.
  return { 'dns.question.name': question?.name.toString().toLowerCase(), 'dns.question.type': formatType(question?.type ?? 0) };
}

export function createTracing(options: TracingOptions, env: { readonly clock: Clock; readonly random: Random; readonly log: Log }): Tracing {
  const url = tracesUrl(options.endpoint);
  const fields = { 'content-type': 'application/json', 'user-agent': `hercdn/${options.version}`, ...options.fields };
  return traceInto(createSpanExporter({ version: options.version, post: (body, signal) => post(url, fields, body, POST_MS, signal, env.clock) }, env), env);
}

/** Where the spans go is the exporter's to say. */
export function traceInto(exporter: SpanExporter, env: { readonly clock: Clock; readonly random: Random }): Tracing {
  const tracer = createTracer(env, (span) => exporter.add(span));
  let root: OpenSpan | undefined;

  /** Whose child a client's span is: what this process works on, or what the request says. */
  const parentOf = (told: { readonly traceId: string; readonly spanId: string | undefined } | undefined) => {
    const current = tracer.current();
    if (current !== undefined) return { parent: current.context, service: current.service };
    if (told === undefined) return undefined;
    return root?.context.traceId === told.traceId ? { parent: root.context, service: root.service } : { parent: told, service: 'cdn' };
  };

  const dns = (service: string, handler: DnsHandler): DnsHandler => {
    const traced: DnsHandler = (query, peer) => {
      const option = findOption(query.message.edns, ACCOUNT_OPTION);
      const traceId = option && decodeTraceId(option);
      if (option === undefined || traceId === undefined) return handler(query, peer);
      const span = tracer.start({
        service, name: `DNS ${formatType(query.question.type)}`, kind: 'server', parent: { traceId, spanId: decodeParentSpan(option) },
        attributes: { ...dnsAttributes(query.message), 'network.transport': peer.transport, 'server.address': peer.local.address, 'server.port': peer.local.port, 'client.address': peer.remote.address, 'client.port': peer.remote.port },
      });
      const ended = (reply: DnsReply): DnsReply => {
        const message = 'shared' in reply ? reply.shared.message : isMessage(reply) ? reply : undefined;
        span.end(message && dnsOutcome(message));
        return reply;
      };
      const reply = tracer.run(span, () => handler(query, peer));
      return reply instanceof Promise ? reply.then(ended) : ended(reply);
    };
    return Object.assign(traced, handler);
  };

  const http = (service: string, handler: HttpHandler, { roots = false } = {}): HttpHandler => (request) => {
    const parent = parseTraceparent(request.fields['traceparent'] ?? '');
    if (parent === undefined && !roots) return handler(request);
    const [path = ''] = request.target.split('?');
    const span = tracer.start({
      service, name: request.method, kind: 'server', parent,
      attributes: {
        'http.request.method': request.method, 'url.path': path, 'url.scheme': 'http', 'network.protocol.version': '1.1', 'user_agent.original': request.fields['user-agent'],
        'server.address': request.local.address, 'server.port': request.local.port, 'client.address': request.peer.address, 'client.port': request.peer.port,
      },
    });
    const watched = (response: HttpResponse): HttpResponse => ({
      ...response,
      finished: (outcome) => {
        response.finished?.(outcome);
        // OpenTelemetry: of a server, 4xx is the client's error and none of the span's.
        const error = response.status >= 500 ? String(response.status) : outcome.complete ? undefined : 'the transfer broke off';
        span.end({ attributes: { 'http.response.status_code': response.status, 'http.response.body.size': outcome.bytes, ...(error !== undefined && { 'error.type': response.status >= 500 ? String(response.status) : 'incomplete' }) }, error });
      },
    });
    const response = tracer.run(span, () => handler(request));
    return response instanceof Promise ? response.then(watched) : watched(response);
  };

  const exchange = (inner: DnsExchange): DnsExchange => async (server, query, exchangeOptions) => {
    const option = findOption(query.edns, ACCOUNT_OPTION);
    const traceId = option && decodeTraceId(option);
    const place = option && parentOf(traceId === undefined ? undefined : { traceId, spanId: decodeParentSpan(option) });
    if (place === undefined || query.edns === undefined) return inner(server, query, exchangeOptions);
    const span = tracer.start({
      service: place.service, name: `DNS ${formatType(query.questions[0]?.type ?? 0)}`, kind: 'client', parent: place.parent,
      attributes: { ...dnsAttributes(query), 'server.address': server.address, 'server.port': server.port },
    });
    const told = query.edns.options.map((one) => (one.code === ACCOUNT_OPTION ? encodeTraceContext(span.context) : one));
    try {
      const result = await inner(server, { ...query, edns: { ...query.edns, options: told } }, exchangeOptions);
      const outcome = dnsOutcome(result.message);
      span.end({ attributes: { ...outcome.attributes, 'network.transport': result.transport, 'network.local.address': result.local.address, 'network.local.port': result.local.port }, error: outcome.error });
      return result;
    } catch (error) {
      span.end({ attributes: { 'error.type': 'no answer' }, error: messageOf(error) });
      throw error;
    }
  };

  const client = (inner: TransferClient): TransferClient => ({
    close: () => inner.close(),
    request: async (request) => {
      const told = parseTraceparent(request.fields?.['traceparent'] ?? '');
      const place = told === undefined ? undefined : parentOf(told);
      if (place === undefined) return inner.request(request);
      const span = tracer.start({
        service: place.service, name: request.method, kind: 'client', parent: place.parent,
        attributes: { 'http.request.method': request.method, 'url.full': `${request.tls ? 'https' : 'http'}://${request.host}${withoutSignature(request.target)}`, 'server.address': request.endpoint.address, 'server.port': request.endpoint.port, 'network.protocol.version': '1.1' },
      });
      try {
        const response = await inner.request({ ...request, fields: { ...request.fields, traceparent: formatTraceparent(span.context) } });
        return watchContent(response, span);
      } catch (error) {
        span.end({ attributes: { 'error.type': error instanceof Error ? error.name : 'error' }, error: `${formatEndpoint(request.endpoint)}: ${messageOf(error)}` });
        throw error;
      }
    },
  });

  const origin = <Q extends Asked, R extends Content>(inner: Source<Q, R>): Source<Q, R> => ({
    url: inner.url,
    close: () => inner.close(),
    request: async (request) => {
      const { traceparent, ...others } = request.fields;
      const place = parentOf(parseTraceparent(traceparent ?? ''));
      if (place === undefined) return inner.request({ ...request, fields: others });
      const url = URL.canParse(inner.url) ? new URL(inner.url) : undefined;
      const span = tracer.start({
        service: place.service, name: request.method, kind: 'client', parent: place.parent,
        attributes: { 'http.request.method': request.method, 'url.full': `${inner.url}${withoutSignature(request.target)}`, 'server.address': url?.hostname, 'network.protocol.version': '1.1' },
      });
      try {
        return watchContent(await inner.request({ ...request, fields: { ...others, traceparent: formatTraceparent(span.context) } }), span);
      } catch (error) {
        span.end({ attributes: { 'error.type': error instanceof Error ? error.name : 'error' }, error: messageOf(error) });
        throw error;
      }
    },
  });

  return { tracer, dns, http, exchange, client, origin, adopt: (span) => (root = span), add: (span) => exporter.add(span), close: () => exporter.close(GRACE_MS) };
}

/** OpenTelemetry: of a client, 4xx and 5xx are errors. The span ends with the body. */
function watchContent<T extends Content>(response: T, span: OpenSpan): T {
  const { status } = response;
  const attributes = { 'http.response.status_code': status, ...(status >= 400 && { 'error.type': String(status) }) };
  const error = status >= 400 ? String(status) : undefined;
  const whole = (bytes: number): void => span.end({ attributes: { ...attributes, 'http.response.body.size': bytes }, error });
  const broken = (cause: unknown): void => span.end({ attributes: { ...attributes, 'error.type': 'incomplete' }, error: messageOf(cause) });
  async function* watched(): AsyncGenerator<Uint8Array, void, undefined> {
    let bytes = 0;
    try {
      for await (const chunk of response.body) {
        bytes += chunk.byteLength;
        yield chunk;
      }
      whole(bytes);
    } catch (cause) {
      broken(cause);
      throw cause;
    } finally {
      span.end({ attributes, error });
    }
  }
  async function drain(take: Take): Promise<void> {
    let bytes = 0;
    try {
      await response.drain?.((octets) => {
        bytes += octets.byteLength;
        return take(octets);
      });
      whole(bytes);
    } catch (cause) {
      broken(cause);
      throw cause;
    }
  }
  return {
    ...response,
    body: { [Symbol.asyncIterator]: watched },
    ...(response.drain === undefined ? {} : { drain }),
    discard: () => {
      span.end({ attributes, error });
      response.discard();
    },
  };
}
