// The flags of `cdn fetch`, and what they make of a request.

import { readFileSync } from 'node:fs';
import { Flags } from '@oclif/core';
import type { FetchServiceOptions } from '../app/fetch.js';
import { CdnError, messageOf } from '../base/errors.js';
import { CDN_ZONE, PUBLISHER_ZONE } from '../catalog/index.js';
import { DEFAULTS, FETCH_FIELDS, FIELDS } from '../config/index.js';
import type { FetchRequest } from '../fetch/index.js';
import { addressOfInterface, isAddress } from '../net/address.js';
import { parseProxy, selectProxy } from '../net/http/proxy.js';
import { fieldFlag, fieldRepeatFlag, readList, readOptional } from './flags.js';

export const TRANSFER_FLAGS = {
  'remote-name': Flags.boolean({ char: 'O', summary: 'write to a file of the object’s own name in this folder, which is what happens without -o', exclusive: ['output'] }),
  'continue-at': fieldFlag(FETCH_FIELDS.continueAt, { char: 'C' }),
  continue: Flags.boolean({ summary: 'the same as -C -; --no-continue begins anew, also where an earlier run left a part', allowNo: true, exclusive: ['continue-at'] }),
  parallel: fieldFlag(FETCH_FIELDS.parallel, { defaultText: '1' }),
  'parallel-max': fieldFlag(FETCH_FIELDS.parallelMax, { defaultText: '8' }),
  range: fieldFlag(FETCH_FIELDS.range, { char: 'r' }),
  'limit-rate': fieldFlag(FETCH_FIELDS.limitRate),
  retry: fieldFlag(FETCH_FIELDS.retry, { defaultText: '0 before a byte came, 6 after' }),
  'retry-delay': fieldFlag(FETCH_FIELDS.retryDelay, { defaultText: '0.5' }),
  'max-time': fieldFlag(FETCH_FIELDS.maxTime, { char: 'm' }),
  'connect-timeout': fieldFlag(FETCH_FIELDS.connectTimeout, { defaultText: String(DEFAULTS.timeoutMs / 1000) }),
  'speed-limit': fieldFlag(FETCH_FIELDS.speedLimit, { char: 'Y' }),
  'speed-time': fieldFlag(FETCH_FIELDS.speedTime, { char: 'y', defaultText: `30, and ${DEFAULTS.timeoutMs / 1000} of silence` }),
  header: fieldRepeatFlag(FETCH_FIELDS.header, { char: 'H' }),
  resolve: fieldRepeatFlag(FETCH_FIELDS.resolve),
  interface: fieldFlag(FETCH_FIELDS.interface),
  ipv4: Flags.boolean({ summary: 'IPv4 alone; -4 is the same', exclusive: ['ipv6'] }),
  ipv6: Flags.boolean({ summary: 'IPv6 alone; -6 is the same' }),
  cacert: fieldFlag(FETCH_FIELDS.cacert),
  insecure: Flags.boolean({ char: 'k', summary: 'take any certificate' }),
  proxy: fieldFlag(FETCH_FIELDS.proxy, { char: 'x' }),
  checksum: fieldFlag(FETCH_FIELDS.checksum),
  fsync: Flags.boolean({ summary: 'be done only when the file is on the disk for good, so that a power failure can’t take it' }),
  'input-file': fieldFlag(FETCH_FIELDS.inputFile),
  'write-out': fieldFlag(FETCH_FIELDS.writeOut, { char: 'w' }),
  silent: Flags.boolean({ char: 's', summary: 'print nothing at all, errors neither: the exit status tells' }),
  'json-lines': Flags.boolean({ summary: 'print events as they come, one JSON object a line; --json=lines is the same', exclusive: ['json'] }),
};

type TextFlag = 'continue-at' | 'parallel' | 'parallel-max' | 'range' | 'limit-rate' | 'retry' | 'retry-delay' | 'max-time' | 'connect-timeout' | 'speed-limit' | 'speed-time' | 'interface' | 'cacert' | 'proxy' | 'checksum' | 'dns';

export interface TransferFlags extends Readonly<Partial<Record<TextFlag, string | undefined>>> {
  readonly header?: readonly string[] | undefined;
  readonly resolve?: readonly string[] | undefined;
  readonly continue?: boolean | undefined;
  readonly ipv4: boolean;
  readonly ipv6: boolean;
  readonly insecure: boolean;
  readonly fsync: boolean;
}

/** What oclif has no flags for: digits as letters, and a value for --json. */
export function normaliseArguments(words: readonly string[]): string[] {
  const same: Readonly<Record<string, string>> = { '-4': '--ipv4', '-6': '--ipv6', '--json=lines': '--json-lines' };
  const end = words.indexOf('--');
  return words.map((word, index) => (end !== -1 && index > end ? word : (same[word] ?? word)));
}

function localAddress(text: string | undefined, family: 4 | 6 | undefined): string | undefined {
  if (text === undefined || isAddress(text)) return text;
  const found = addressOfInterface(text, family);
  if (found === undefined) throw new CdnError('USAGE', `--interface: there is no interface ${text} with an address${family === undefined ? '' : ` of IPv${family}`}`, { suggestions: ['ip -brief address   (lists them)'] });
  return found;
}

function readCertificates(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new CdnError('USAGE', `--cacert: cannot read ${file}: ${messageOf(cause)}`, { details: { file }, cause });
  }
}

const isOurs = (host: string): boolean => [PUBLISHER_ZONE, CDN_ZONE].some((zone) => host === zone || host.endsWith(`.${zone}`));

function proxyOf(explicit: string | undefined): FetchServiceOptions['proxyOf'] {
  const named = explicit === undefined ? undefined : parseProxy(explicit);
  if (named !== undefined) return () => named;
  const { env } = process;
  // In capitals HTTP_PROXY may be a field of somebody's request, where programs run behind a web server.
  const variables = { http: env['http_proxy'], https: env['https_proxy'] ?? env['HTTPS_PROXY'], all: env['all_proxy'] ?? env['ALL_PROXY'], none: env['no_proxy'] ?? env['NO_PROXY'] };
  if (variables.http === undefined && variables.https === undefined && variables.all === undefined) return undefined;
  // Nobody out there knows the names of this network.
  return (url) => (isOurs(url.hostname) ? undefined : selectProxy(url, variables));
}

export function readServiceOptions(flags: TransferFlags): FetchServiceOptions {
  const dns = readOptional('dns', FIELDS.dns, flags.dns);
  const wanted = flags.ipv4 ? 4 : flags.ipv6 ? 6 : undefined;
  const from = localAddress(readOptional('interface', FETCH_FIELDS.interface, flags.interface), wanted);
  // Nobody can be reached from an address of the other family.
  const family = from === undefined ? wanted : from.includes(':') ? 6 : 4;
  if (wanted !== undefined && family !== wanted) throw new CdnError('USAGE', `--interface ${flags.interface ?? ''} is no address of IPv${wanted}, which -${wanted} asks for`, { suggestions: ['the same command without one of them'] });
  const resolves = readList('resolve', FETCH_FIELDS.resolve, flags.resolve) ?? [];
  const fields: Record<string, string> = {};
  for (const { name, value } of readList('header', FETCH_FIELDS.header, flags.header) ?? []) fields[name] = fields[name] === undefined ? value : `${fields[name]}${name === 'cookie' ? '; ' : ', '}${value}`;
  return {
    dns: dns ?? DEFAULTS.localDns, systemResolver: dns === undefined, timeoutMs: DEFAULTS.timeoutMs,
    connectTimeoutMs: readOptional('connect-timeout', FETCH_FIELDS.connectTimeout, flags['connect-timeout']),
    // Nothing at all is slower than any limit.
    silenceMs: readOptional('speed-time', FETCH_FIELDS.speedTime, flags['speed-time']),
    maxTimeMs: readOptional('max-time', FETCH_FIELDS.maxTime, flags['max-time']),
    atATime: readOptional('parallel-max', FETCH_FIELDS.parallelMax, flags['parallel-max']) ?? 8,
    family, fields, insecure: flags.insecure,
    localAddress: from,
    ca: readCertificates(readOptional('cacert', FETCH_FIELDS.cacert, flags.cacert)),
    resolveTo: (host, port) => resolves.find((entry) => entry.host === host && entry.port === port)?.addresses,
    proxyOf: proxyOf(readOptional('proxy', FETCH_FIELDS.proxy, flags.proxy)),
  };
}

export type TransferRequest = Omit<FetchRequest, 'target' | 'type' | 'output' | 'force'>;

export function readTransferRequest(flags: TransferFlags): TransferRequest {
  const limit = readOptional('speed-limit', FETCH_FIELDS.speedLimit, flags['speed-limit']);
  const ms = readOptional('speed-time', FETCH_FIELDS.speedTime, flags['speed-time']) ?? 30_000;
  const sha256 = readOptional('checksum', FETCH_FIELDS.checksum, flags.checksum);
  const range = readOptional('range', FETCH_FIELDS.range, flags.range);
  if (sha256 !== undefined && range !== undefined) throw new CdnError('USAGE', '--checksum is of the whole file, and --range asks for a part of it: that part could not be checked', { suggestions: ['the same command without one of them'] });
  const continueAt = readOptional('continue-at', FETCH_FIELDS.continueAt, flags['continue-at']) ?? (flags.continue === true ? 'end' : undefined);
  if (continueAt !== undefined && range !== undefined) throw new CdnError('USAGE', '-C and --range both say where to begin', { suggestions: ['the same command without one of them'] });
  return {
    parallel: readOptional('parallel', FETCH_FIELDS.parallel, flags.parallel),
    range,
    limitBytesPerSecond: readOptional('limit-rate', FETCH_FIELDS.limitRate, flags['limit-rate']),
    retries: readOptional('retry', FETCH_FIELDS.retry, flags.retry),
    retryDelayMs: readOptional('retry-delay', FETCH_FIELDS.retryDelay, flags['retry-delay']),
    speedLimit: limit === undefined ? undefined : { bytesPerSecond: limit, ms },
    sha256,
    anew: flags.continue === false,
    continueAt,
    fsync: flags.fsync,
  };
}
