// The options of `cdn fetch`, named as curl names them where it has them.

import { parseDuration, parseRate, parseSize } from '../base/units.js';
import { isAddress } from '../net/address.js';
import type { Field } from './schema.js';

function field<T>(env: string, summary: string, expected: string, value: string, parse: (text: string) => T | undefined): Field<T> {
  return { env, summary, expected, value, parse };
}

function count(env: string, summary: string, least: number, most: number): Field<number> {
  return field(env, summary, `a whole number from ${least} to ${most}`, 'N', (text) => (/^\d{1,6}$/.test(text) && Number(text) >= least && Number(text) <= most ? Number(text) : undefined));
}

/** curl counts in seconds; so does a number without a unit here. In milliseconds. */
function time(env: string, summary: string): Field<number> {
  return field(env, summary, 'seconds such as "2.5", or a time such as "500ms"', 'TIME', (text) => {
    const ms = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) * 1000 : parseDuration(text);
    return ms === undefined || ms > 86_400_000 ? undefined : Math.round(ms);
  });
}

/** Bytes a second; curl's "200K" has no unit, and means bytes. */
function rate(env: string, summary: string): Field<number> {
  return field(env, summary, 'bytes a second such as "500K", or a rate such as "8Mbit/s"', 'RATE', (text) => {
    const found = parseRate(text) ?? parseSize(text);
    return found === undefined || found < 1 ? undefined : found;
  });
}

function parseRange(text: string): { firstPos: number; lastPos: number | undefined } | { suffix: number } | undefined {
  const match = /^(\d{0,15})-(\d{0,15})$/.exec(text);
  const [first, last] = [match?.[1] ?? '', match?.[2] ?? ''];
  if (match === null || (first === '' && (last === '' || Number(last) === 0))) return undefined;
  if (first === '') return { suffix: Number(last) };
  if (last !== '' && Number(last) < Number(first)) return undefined;
  return { firstPos: Number(first), lastPos: last === '' ? undefined : Number(last) };
}

/** What the client itself decides: RFC 9110 §14.2, §13.1.5, §12.5.3, RFC 9112 §6 and §9.6. */
const OWN_FIELDS: readonly string[] = ['range', 'if-range', 'accept-encoding', 'transfer-encoding', 'content-length', 'connection', 'te', 'trailer', 'upgrade', 'traceparent', 'want-repr-digest'];

function parseHeader(text: string): { name: string; value: string } | undefined {
  const match = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([!-~\x80-\xff](?:[\t -~\x80-\xff]*[!-~\x80-\xff])?)$/.exec(text);
  const name = match?.[1]?.toLowerCase();
  return name === undefined || OWN_FIELDS.includes(name) ? undefined : { name, value: match?.[2] ?? '' };
}

function parseResolve(text: string): { host: string; port: number; addresses: readonly string[] } | undefined {
  const match = /^([^:\s]+):(\d{1,5}):(\S+)$/.exec(text);
  const addresses = (match?.[3] ?? '').split(',').map((address) => address.replace(/^\[(.*)\]$/, '$1'));
  if (match === null || Number(match[2]) > 65_535 || !addresses.every(isAddress)) return undefined;
  return { host: (match[1] ?? '').toLowerCase(), port: Number(match[2]), addresses };
}

export const FETCH_FIELDS = {
  parallel: count('CDN_PARALLEL', 'fetch parts of one file over so many connections, spread over its stores', 1, 64),
  parallelMax: count('CDN_PARALLEL_MAX', 'of several targets, how many at a time', 1, 64),
  continueAt: field<'end' | number>('CDN_CONTINUE_AT', 'go on with a file that is there, whoever left it: - at its end, a number at that octet; what an earlier run of cdn fetch left beside it is gone on with anyway', '"-", or a number of octets', '-|OCTET', (text) => (text === '-' ? 'end' : /^\d{1,15}$/.test(text) ? Number(text) : undefined)),
  range: field('CDN_RANGE', 'fetch these bytes only: FIRST-LAST, FIRST- or -COUNT', 'a range such as "0-499", "500-" or "-500"', 'RANGE', parseRange),
  limitRate: rate('CDN_LIMIT_RATE', 'receive no faster'),
  retry: count('CDN_RETRY', 'when everybody who has it failed, ask all again so often', 0, 1000),
  retryDelay: time('CDN_RETRY_DELAY', 'before the first retry; twice as long before each further one'),
  maxTime: time('CDN_MAX_TIME', 'give up what is not done by then; what came is kept'),
  connectTimeout: time('CDN_CONNECT_TIMEOUT', 'how long a connection may take to be made'),
  speedLimit: rate('CDN_SPEED_LIMIT', 'leave a store that is slower for as long as --speed-time'),
  speedTime: time('CDN_SPEED_TIME', 'how long a store may be slower than --speed-limit, and how long say nothing at all'),
  header: field('CDN_HEADER', 'a further field of the request for the content (repeatable); Authorization and Cookie go to the first server only', 'a field such as "Name: value", none that the client itself decides', "'NAME: VALUE'", parseHeader),
  resolve: field('CDN_RESOLVE', 'where this host and port are, without asking DNS (repeatable)', 'a host, a port and addresses such as "example.com:80:192.0.2.1"', 'HOST:PORT:ADDR[,ADDR]', parseResolve),
  interface: field('CDN_INTERFACE', 'speak from this address of this machine, or from this interface', 'an address or the name of an interface', 'NAME|ADDR', (text) => (/^[\w.:%-]{1,64}$/.test(text) ? text : undefined)),
  cacert: field('CDN_CACERT', 'PEM file of who may sign certificates, in place of the system’s', 'a path', 'FILE', (text) => (text === '' || text.includes('\0') ? undefined : text)),
  proxy: field('CDN_PROXY', 'go through this HTTP proxy; otherwise http_proxy, https_proxy, all_proxy and no_proxy say', 'a proxy such as "http://127.0.0.1:3128"', 'URL', (text) => (/^(?:http:\/\/)?[^/\s]+\/?$/i.test(text) && URL.canParse(/^http:/i.test(text) ? text : `http://${text}`) ? text : undefined)),
  checksum: field('CDN_CHECKSUM', 'the SHA-256 that the file must have', 'a digest such as "sha256:" and 64 hexadecimal digits', 'sha256:HEX', (text) => /^sha256:([0-9a-f]{64})$/i.exec(text)?.[1]?.toLowerCase()),
  inputFile: field('CDN_INPUT_FILE', 'fetch what this file lists, a target a line; - is the standard input', 'a path', 'FILE', (text) => (text === '' || text.includes('\0') ? undefined : text)),
  writeOut: field('CDN_WRITE_OUT', 'print this when a file is done, with %{http_code}, %{size_download}, %{json} and their like filled in', 'a text', 'FORMAT', (text) => text),
} as const;
