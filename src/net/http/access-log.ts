// One line for each answer that a server has given, in a form that other programs read: combined, as
// Apache and nginx have it, or a JSON object. Nothing that a client sends can end a line or a quotation.

import type { Clock } from '../../base/clock.js';
import { parseTraceparent } from '../../observe/trace.js';
import type { Endpoint } from '../address.js';
import { MONTHS } from './date.js';
import type { HttpRequest, HttpResponse, TransferOutcome } from './message.js';
import { withoutSignature } from './signed-url.js';

/** What a server tells its log of. Neither call throws. */
export interface AccessLog {
  /** An answer has ended, whole or not. */
  answered(request: HttpRequest, response: HttpResponse, outcome: TransferOutcome): void;
  /** What came was no request that could be answered by anybody else; `line` is its first, where that is known. */
  refused(peer: Endpoint, line: string | undefined, status: number, bytes: number): void;
}

export type AccessLogFormat = 'combined' | 'json';

/** nginx's: the client left before anything of the answer was sent. */
const LEFT = 499;

const two = (value: number): string => String(value).padStart(2, '0');

/** Milliseconds since 1970 -> "27/Nov/2026:18:04:06 +0100", in local time. */
export function formatLogTime(ms: number): string {
  const date = new Date(ms);
  const ahead = -date.getTimezoneOffset();
  const zone = `${ahead < 0 ? '-' : '+'}${two(Math.floor(Math.abs(ahead) / 60))}${two(Math.abs(ahead) % 60)}`;
  return `${two(date.getDate())}/${MONTHS[date.getMonth()] ?? ''}/${date.getFullYear()}:${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())} ${zone}`;
}

/** Fields of messages are octets (latin1); the few characters beyond are ours. */
const octetsOf = (character: string): readonly number[] => (character.charCodeAt(0) > 0xff ? [...Buffer.from(character, 'utf8')] : [character.charCodeAt(0)]);
const UNQUOTABLE = /[^ !#-[\]-~]/;
const hexEscape = (character: string): string => octetsOf(character).map((octet) => `\\x${octet.toString(16).toUpperCase().padStart(2, '0')}`).join('');

/**
 * As nginx does: whatever isn't printable ASCII, `"` and `\` are `\xHH`. Unlike with `\"`, a program that looks
 * for the next quotation mark finds the end.
 */
export function quoteCombined(text: string): string {
  return UNQUOTABLE.test(text) ? text.replace(/[^ !#-[\]-~]/gu, hexEscape) : text;
}

/** A JSON string in ASCII alone (RFC 8259 §7): no terminal and no splitter of lines sees anything else in it. */
export function quoteJson(text: string): string {
  if (!UNQUOTABLE.test(text)) return `"${text}"`;
  return JSON.stringify(text).replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The same text comes again and again: User-Agent, Cache-Status. */
function remembering(quote: (text: string) => string): (text: string) => string {
  let last = '';
  let quoted = quote('');
  return (text) => {
    if (text === last) return quoted;
    last = text;
    quoted = quote(text);
    return quoted;
  };
}

const shown = (text: string): string => (text.includes('cdn-signature=') ? withoutSignature(text) : text);
const lineOf = (request: HttpRequest): string => shown(request.requestLine ?? `${request.method} ${request.target} HTTP/1.1`);

function statusOf(request: HttpRequest, response: HttpResponse, { complete, bytes }: TransferOutcome): number {
  return !complete && bytes === 0 && request.signal.aborted ? LEFT : response.status;
}

/** `%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-agent}i"`; who the client says to be, nobody here checks: `-`. */
function createCombined(write: (line: string) => void, clock: Clock): AccessLog {
  const agent = remembering(quoteCombined);
  const referer = remembering(quoteCombined);
  let second = -1;
  let time = '';
  function now(): string {
    const ms = clock.now();
    if (Math.floor(ms / 1000) !== second) {
      second = Math.floor(ms / 1000);
      time = formatLogTime(ms);
    }
    return time;
  }
  return {
    answered: (request, response, outcome) => {
      const { fields } = request;
      write(`${request.peer.address} - - [${now()}] "${quoteCombined(lineOf(request))}" ${statusOf(request, response, outcome)} ${outcome.bytes} "${referer(shown(fields['referer'] ?? '-'))}" "${agent(fields['user-agent'] ?? '-')}"\n`);
    },
    refused: (peer, line, status, bytes) => write(`${peer.address} - - [${now()}] "${quoteCombined(shown(line ?? '-'))}" ${status} ${bytes} "-" "-"\n`),
  };
}

function createJson(write: (line: string) => void, clock: Clock): AccessLog {
  const agent = remembering(quoteJson);
  const member = (name: string, text: string | undefined, quote = quoteJson): string => (text === undefined ? '' : `,"${name}":${quote(text)}`);
  const begin = (peer: Endpoint, line: string | undefined): string => `{"time":"${new Date(clock.now()).toISOString()}","client":${quoteJson(peer.address)}${member('request', line)}`;
  return {
    answered: (request, response, outcome) => {
      const { fields } = request;
      const traceparent = fields['traceparent'];
      const referer = fields['referer'];
      write(`${begin(request.peer, lineOf(request))}${member('host', fields['host'])},"status":${statusOf(request, response, outcome)},"bytes":${outcome.bytes},"complete":${outcome.complete},"durationMs":${Math.round(outcome.durationMs * 1000) / 1000}`
        + `${member('referer', referer === undefined ? undefined : shown(referer))}${member('userAgent', fields['user-agent'], agent)}${member('cacheStatus', response.fields['cache-status'])}${member('traceId', traceparent === undefined ? undefined : parseTraceparent(traceparent)?.traceId)}}\n`);
    },
    refused: (peer, line, status, bytes) => write(`${begin(peer, line === undefined ? undefined : shown(line))},"status":${status},"bytes":${bytes},"complete":true}\n`),
  };
}

/** `write` gets whole lines, with their ends, in ASCII. */
export function createAccessLog(format: AccessLogFormat, write: (line: string) => void, clock: Clock): AccessLog {
  return format === 'json' ? createJson(write, clock) : createCombined(write, clock);
}
