// Every option once: what it is called in the environment, what it may be, what it is when nobody
// says, and the sentence that explains it. Flags, checks and help are made from here.

import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseDuration, parseRate, parseSize } from '../base/units.js';
import { formatEndpoint, parseEndpoint, type Endpoint } from '../net/address.js';
import { meantEndpoint } from './meant.js';
import { parsePrefix, type Prefix } from '../net/prefix.js';

export interface Field<T> {
  readonly env: string;
  readonly summary: string;
  /** Completes "expected …" in an error. */
  readonly expected: string;
  /** The placeholder in help. */
  readonly value: string;
  /** undefined when the text is none of what is expected. */
  parse(text: string): T | undefined;
  /** What was probably meant by a text that is none of what is expected. */
  meant?(text: string): string | undefined;
}

export const LOOPBACK = '127.0.0.1';

/** NETWORK's range: 40720-40729. */
export const DEFAULTS = {
  portal: { address: LOOPBACK, port: 40720 },
  store: { address: LOOPBACK, port: 40721 },
  localDns: { address: LOOPBACK, port: 40722 },
  publisherAuthority: { address: LOOPBACK, port: 40723 },
  cdnAuthority: { address: LOOPBACK, port: 40724 },
  stores: 2,
  /** Of `cdn store`, for files that are asked for often. */
  memoryOctets: 256_000_000,
  /** `cdn dns` tells there how the stores are. */
  status: { address: LOOPBACK, port: 40729 },
  /** Where `cdn up --origin` has the shield that its stores fill from. */
  shield: { address: LOOPBACK, port: 40728 },
  /** Where `cdn purge` and `cdn why` find the admin listener of an edge. */
  admin: { address: LOOPBACK, port: 40727 },
  /** Of an edge, unless told otherwise. */
  sliceOctets: 1_048_576,
  cacheDiskOctets: 10_000_000_000,
  /** How long a signed URL is good for. */
  signedMs: 3_600_000,
  /** The clips that come with the program. */
  dir: fileURLToPath(new URL('../../videos', import.meta.url)),
  /** How long a party may be silent before it counts as down: with the program's start, under five seconds. */
  timeoutMs: 4000,
  /** How long transfers under way may go on after the first Ctrl-C. */
  graceMs: 10_000,
} as const satisfies Record<string, Endpoint | string | number>;

/** More than this many loopback addresses or ports nobody wants in one terminal. */
export const MAX_STORES = 64;
/** Each is a process with a memory of its own. */
export const MAX_WORKERS = 64;

export interface ZoneAuthority {
  readonly zone: string;
  readonly endpoint: Endpoint;
}

function endpointField(env: string, summary: string, example: Endpoint): Field<Endpoint> {
  return {
    env,
    summary,
    expected: `an IP address and port such as "${formatEndpoint(example)}"`,
    value: 'ADDR:PORT',
    parse: (text) => parseEndpoint(text),
    meant: (text) => meantEndpoint(text, example.port),
  };
}

function choiceField<T extends string>(env: string, summary: string, choices: readonly T[]): Field<T> {
  return {
    env,
    summary,
    expected: `one of ${choices.join(', ')}`,
    value: choices.join('|'),
    parse: (text) => choices.find((choice) => choice === text),
  };
}

function switchField(env: string, summary: string): Field<boolean> {
  const words: Readonly<Record<string, boolean>> = { 1: true, true: true, yes: true, on: true, 0: false, false: false, no: false, off: false };
  return { env, summary, expected: '1 or 0, true or false, yes or no', value: '', parse: (text) => words[text.toLowerCase()] };
}

function pathField(env: string, summary: string, value: string): Field<string> {
  return { env, summary, expected: 'a path', value, parse: (text) => (text === '' || text.includes('\0') ? undefined : text) };
}

/** As W3C Baggage, without its properties (OpenTelemetry, "Specifying headers via environment variables"). */
function parseOtlpHeaders(text: string): Readonly<Record<string, string>> | undefined {
  const fields: Record<string, string> = {};
  for (const part of text.split(',').filter((one) => one.trim() !== '')) {
    const [, name = '', value = ''] = /^\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*=\s*([!-~]*)\s*$/.exec(part) ?? [];
    if (name === '') return undefined;
    try {
      fields[name.toLowerCase()] = decodeURIComponent(value);
    } catch {
      return undefined;
    }
    if (/[^\t\x20-\x7e]/.test(fields[name.toLowerCase()] ?? '')) return undefined;
  }
  return fields;
}

function parseZoneAuthority(text: string): ZoneAuthority | undefined {
  const cut = text.indexOf('=');
  const endpoint = parseEndpoint(text.slice(cut + 1));
  const zone = text.slice(0, Math.max(cut, 0)).trim();
  return zone === '' || endpoint === undefined ? undefined : { zone, endpoint };
}

function countField(env: string, summary: string, least: number, most: number): Field<number> {
  return {
    env,
    summary,
    expected: `a whole number from ${least} to ${most}`,
    value: 'N',
    parse: (text) => (/^\d{1,9}$/.test(text) && Number(text) >= least && Number(text) <= most ? Number(text) : undefined),
  };
}

/** In milliseconds. */
function durationField(env: string, summary: string, example: string, leastMs: number): Field<number> {
  return {
    env,
    summary,
    expected: `a time such as "${example}"`,
    value: 'TIME',
    parse: (text) => {
      const ms = parseDuration(text);
      return ms === undefined || ms < leastMs || ms > 86_400_000 ? undefined : ms;
    },
  };
}

export const POLICIES = ['round-robin', 'weighted', 'nearest', 'rendezvous', 'rtt', 'failover'] as const;
export const WHEN_ALL_DOWN = ['serve-all', 'last-good', 'backup', 'nodata', 'servfail'] as const;

/** How many stores an answer names: the least, and the most for a hot name. */
export interface Take {
  readonly least: number;
  readonly most: number;
}

function parseTake(text: string): Take | undefined {
  const match = /^([1-8])(?:-([1-8]))?$/.exec(text.trim());
  if (!match) return undefined;
  const least = Number(match[1]);
  const most = Number(match[2] ?? match[1]);
  return most < least ? undefined : { least, most };
}

export interface Coordinates {
  readonly latitude: number;
  readonly longitude: number;
}

function parseCoordinates(text: string): Coordinates | undefined {
  const match = /^(-?\d{1,2}(?:\.\d+)?)\s*,\s*(-?\d{1,3}(?:\.\d+)?)$/.exec(text.trim());
  const [latitude, longitude] = [Number(match?.[1]), Number(match?.[2])];
  return Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 ? { latitude, longitude } : undefined;
}

/** What request routing is told, on the command line or in a topology. */
export const ROUTING_FIELDS = {
  topology: pathField('CDN_TOPOLOGY', 'stores, routing and health checks in one YAML or JSON file; flags win over it', 'FILE'),
  policy: choiceField('CDN_POLICY', 'how stores are ordered; a second policy orders the ties of the first, and so on', POLICIES),
  ttl: { ...durationField('CDN_TTL', 'how long an answer about a routed name may be kept', '20s', 0), value: 'TIME' },
  take: { env: 'CDN_TAKE', summary: 'how many stores an answer names: N, or LEAST-MOST, the most for a hot name', expected: 'a number from 1 to 8, or a range such as "1-8"', value: 'N|N-N', parse: parseTake } satisfies Field<Take>,
  whenAllDown: choiceField('CDN_WHEN_ALL_DOWN', 'what is answered when no store is up', WHEN_ALL_DOWN),
  map: pathField('CDN_MAP', 'map of client networks to stores, regions or coordinates, a network a line', 'FILE'),
  mmdb: pathField('CDN_MMDB', 'MaxMind database (City or Country) that says where clients are', 'FILE'),
  interval: durationField('CDN_HEALTH_INTERVAL', 'how often each store is probed', '2s', 20),
  timeout: durationField('CDN_HEALTH_TIMEOUT', 'how long a probe may take', '1s', 10),
  rise: countField('CDN_HEALTH_RISE', 'good probes in a row that bring a store back', 1, 100),
  fall: countField('CDN_HEALTH_FALL', 'failed probes in a row that take a store out', 1, 100),
  status: endpointField('CDN_STATUS_LISTEN', 'where the state of the stores is told, over HTTP at /_cdn/health', DEFAULTS.status),
} as const;

/** What a topology says of each store, besides its id, address and rate. */
export const STORE_FIELDS = {
  weight: countField('', 'its part of the whole, relative to the others', 0, 1_000_000),
  coordinates: { env: '', summary: 'where it is', expected: 'latitude and longitude such as "48.2, 16.37"', value: 'LAT,LON', parse: parseCoordinates } satisfies Field<Coordinates>,
  region: { env: '', summary: 'the region it serves', expected: 'a word such as "eu"', value: 'WORD', parse: (text: string) => (/^[A-Za-z0-9][\w-]{0,62}$/.test(text) ? text : undefined) } satisfies Field<string>,
  flag: { env: '', summary: '', expected: 'true or false', value: '', parse: (text: string) => (text === 'true' ? true : text === 'false' ? false : undefined) } satisfies Field<boolean>,
} as const;

/** RFC 3986 §3.2: scheme and authority; an origin has the paths of its edge. */
function parseOrigin(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const isOrigin = (url.protocol === 'http:' || url.protocol === 'https:') && url.username === '' && url.password === '' && url.pathname === '/' && url.search === '' && url.hash === '';
  return isOrigin ? url : undefined;
}

function sizeField(env: string, summary: string, least: number, most: number, bounds: string): Field<number> {
  return {
    env,
    summary,
    expected: `a size ${bounds}`,
    value: 'SIZE',
    parse: (text) => {
      const size = parseSize(text);
      return size === undefined || size < least || size > most ? undefined : size;
    },
  };
}

/** What makes a store an edge, and what it keeps. */
export const EDGE_FIELDS = {
  origin: {
    env: 'CDN_ORIGIN',
    summary: 'a server whose objects are pulled through and kept; the next one where one fails (repeatable)',
    expected: 'an http or https URL without a path, such as "http://127.0.0.1:40721"',
    value: 'URL',
    parse: parseOrigin,
  } satisfies Field<URL>,
  cacheDir: pathField('CDN_CACHE_DIR', 'folder in which an edge keeps objects on disk, found again after a restart; without it, in memory only', 'FOLDER'),
  cacheDisk: sizeField('CDN_CACHE_DISK', 'how much of the disk that folder may take', 16_000_000, 1_000_000_000_000_000, 'from 16MB such as "10GB"'),
  cacheFsync: choiceField('CDN_CACHE_FSYNC', 'whether what is kept there is forced to the disk before it counts (always), or left to the system (never)', ['always', 'never']),
  slice: sizeField('CDN_SLICE', 'the pieces in which an edge fetches and keeps objects', 65_536, 67_108_864, 'from 64KiB to 64MiB such as "1MiB"'),
  maxAge: durationField('CDN_MAX_AGE', 'how long caches may use an object of this folder without asking again', '60s', 0),
} as const;

/** RFC 6750 §2.1, b64token; a short one can be guessed. */
function parseToken(text: string): string | undefined {
  return /^(?=.{16,512}$)[A-Za-z0-9._~+/-]+=*$/.test(text) ? text : undefined;
}

/** The administrator's door to an edge. */
export const ADMIN_FIELDS = {
  admin: {
    env: 'CDN_ADMIN',
    summary: 'where an edge is administered: purge, why, /metrics',
    expected: `a port of 127.0.0.1, or an IP address and port such as "${formatEndpoint(DEFAULTS.admin)}"`,
    value: '[ADDR:]PORT',
    parse: (text: string) => parseEndpoint(/^\d+$/.test(text) ? `${LOOPBACK}:${text}` : text),
  } satisfies Field<Endpoint>,
  tokenFile: pathField('CDN_ADMIN_TOKEN_FILE', "file with the administrator's token, or the token itself in CDN_ADMIN_TOKEN", 'FILE'),
  token: {
    env: 'CDN_ADMIN_TOKEN',
    summary: "the administrator's token",
    expected: 'a token of 16 to 512 letters, digits and -._~+/',
    value: 'TOKEN',
    parse: parseToken,
  } satisfies Field<string>,
} as const;

export const FIELDS = {
  listen: (example: Endpoint) => endpointField('CDN_LISTEN', 'address and port to listen on; port 0 takes a free one', example),
  dir: pathField('CDN_DIR', 'folder of videos: File1 … FileN in name order', 'FOLDER'),
  dns: endpointField('CDN_DNS', 'the local DNS to ask', DEFAULTS.localDns),
  portal: endpointField('CDN_PORTAL', 'where the portal is, for the zone hiscinema.com', DEFAULTS.portal),
  store: endpointField('CDN_STORE', 'a content store, for the zone hercdn.com (repeatable)', DEFAULTS.store),
  authority: {
    env: 'CDN_AUTHORITY',
    summary: 'the authority that the local DNS asks about a zone (repeatable)',
    expected: 'a zone and the address of its authority such as "hercdn.com=127.0.0.1:40724"',
    value: 'ZONE=ADDR:PORT',
    parse: parseZoneAuthority,
  } satisfies Field<ZoneAuthority>,
  forward: endpointField('CDN_FORWARD', 'a resolver that the local DNS asks about names of no zone it knows, one after the other; without any it refuses them (repeatable)', { address: '192.0.2.53', port: 53 }),
  cacheSize: {
    env: 'CDN_CACHE_SIZE',
    summary: 'memory for what the local DNS remembers',
    expected: 'a size from 1MB to 16GB such as "64MB"',
    value: 'SIZE',
    parse: (text: string) => {
      const size = parseSize(text);
      return size === undefined || size < 1_000_000 || size > 16_000_000_000 ? undefined : size;
    },
  } satisfies Field<number>,
  memory: {
    env: 'CDN_MEMORY',
    summary: 'memory of a store for files that are asked for again and again, 0 keeps none; of an edge for all that it keeps',
    expected: '0, or a size from 1MB to 1TB such as "256MB"',
    value: 'SIZE',
    parse: (text: string) => {
      const size = text === '0' ? 0 : parseSize(text);
      return size === undefined || (size !== 0 && size < 1_000_000) || size > 1_000_000_000_000 ? undefined : size;
    },
  } satisfies Field<number>,
  serveHost: {
    env: 'CDN_SERVE_HOST',
    summary: 'a host that a store answers for besides addresses, localhost and the names of the catalog: a name, "*.name" for those below it, or "*" for any (repeatable)',
    expected: 'a name such as "cdn.example.com" or "*.example.com", or "*"',
    value: 'HOST',
    parse: (text: string) => (/^(?:\*|(?:\*\.)?[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*)$/.test(text) ? text.toLowerCase().replace(/\.$/, '') : undefined),
  } satisfies Field<string>,
  maxConnections: countField('CDN_MAX_CONNECTIONS', 'connections that a store holds open at a time; one client may have a quarter of them, loopback aside', 1, 1_000_000),
  ecsZone: {
    env: 'CDN_ECS_ZONE',
    summary: "a zone whose authority the local DNS tells the client's network: /24, or /56 of IPv6 (repeatable)",
    expected: 'a zone such as "hercdn.com"',
    value: 'ZONE',
    parse: (text: string) => (/^[!-~]{1,255}$/.test(text) ? text : undefined),
  } satisfies Field<string>,
  zone: pathField('CDN_ZONE', 'a master file to serve as one more zone (repeatable)', 'FILE'),
  transfer: {
    env: 'CDN_TRANSFER',
    summary: 'addresses that may take whole zones of --zone files over TCP, AXFR (repeatable)',
    expected: 'an address or a network such as "192.0.2.1" or "2001:db8::/32"',
    value: 'ADDR[/BITS]',
    parse: parsePrefix,
  } satisfies Field<Prefix>,
  workers: {
    env: 'CDN_WORKERS',
    summary: 'processes that answer on the same addresses and ports',
    expected: `a whole number from 1 to ${MAX_WORKERS}, or "auto" for one a core`,
    value: 'N|auto',
    parse: (text: string) => (text === 'auto' ? Math.min(MAX_WORKERS, availableParallelism()) : /^\d{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= MAX_WORKERS ? Number(text) : undefined),
  } satisfies Field<number>,
  nsid: {
    env: 'CDN_NSID',
    summary: 'what tells this name server from its likes: answers NSID, id.server and hostname.bind; without it nobody is told',
    expected: 'a text of 1 to 128 characters',
    value: 'TEXT',
    parse: (text: string) => (text.length >= 1 && text.length <= 128 ? text : undefined),
  } satisfies Field<string>,
  rateLimit: {
    env: 'CDN_RATE_LIMIT',
    summary: 'answers of one kind that an authority sends to one network in a second, over UDP, loopback aside; 0: no limit',
    expected: 'a whole number from 0 to 1000000',
    value: 'N',
    parse: (text: string) => (/^\d{1,7}$/.test(text) && Number(text) <= 1_000_000 ? Number(text) : undefined),
  } satisfies Field<number>,
  role: {
    ...choiceField('CDN_ROLE', 'which DNS servers to run', ['all', 'local', 'authoritative']),
    // "authority" is what the network's description calls it.
    parse: (text: string) => (['all', 'local', 'authoritative'] as const).find((role) => role === text || (role === 'authoritative' && text === 'authority')),
  },
  mode: choiceField('CDN_MODE', 'whether bytes pass the portal (relay) or the page plays from the store that DNS picks (direct)', ['relay', 'direct']),
  rate: {
    env: 'CDN_RATE',
    summary: 'how fast a store sends each response, such as 8Mbit/s or 500kB/s',
    expected: 'a rate such as "8Mbit/s" or "500kB/s"',
    value: 'RATE',
    parse: (text: string) => {
      const rate = parseRate(text);
      return rate === undefined || rate < 1 ? undefined : rate;
    },
  } satisfies Field<number>,
  capacity: countField('CDN_CAPACITY', 'how many transfers a store takes at a time; more are answered 503 with Retry-After, and DNS routes around a full store', 1, 100_000_000),
  id: {
    env: 'CDN_ID',
    summary: "the store's name in logs, health and the Server field",
    expected: 'letters, digits and hyphens, such as "store-1"',
    value: 'NAME',
    parse: (text: string) => (/^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(text) ? text : undefined),
  } satisfies Field<string>,
  stores: {
    env: 'CDN_STORES',
    summary: 'how many content stores to run',
    expected: `a whole number from 1 to ${MAX_STORES}`,
    value: 'N',
    parse: (text: string) => (/^\d{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= MAX_STORES ? Number(text) : undefined),
  } satisfies Field<number>,
  logFormat: choiceField('CDN_LOG_FORMAT', 'a transcript for people, or one JSON object a line', ['text', 'json']),
  freePorts: switchField('CDN_FREE_PORTS', 'take a free port wherever the usual one is in use'),
  oneAddress: switchField('CDN_ONE_ADDRESS', 'put all stores on 127.0.0.1, told apart by port'),
  otlpEndpoint: {
    env: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    summary: 'the OpenTelemetry collector that spans go to, over OTLP/HTTP',
    expected: 'an http or https URL such as "http://127.0.0.1:4318"',
    value: 'URL',
    parse: (text: string) => {
      const url = URL.canParse(text) ? new URL(text) : undefined;
      return url?.protocol === 'http:' || url?.protocol === 'https:' ? url : undefined;
    },
  } satisfies Field<URL>,
  otlpHeaders: {
    env: 'OTEL_EXPORTER_OTLP_HEADERS',
    summary: 'fields that go with them: NAME=VALUE, several separated by commas, values percent-encoded',
    expected: 'fields such as "x-key=secret"',
    value: 'NAME=VALUE,…',
    parse: parseOtlpHeaders,
  } satisfies Field<Readonly<Record<string, string>>>,
  queryType: {
    env: 'CDN_TYPE',
    summary: 'the record type to ask for, by its name or as TYPE and a number',
    expected: 'a record type such as "A", "MX" or "TYPE65280"',
    value: 'TYPE',
    parse: (text: string) => (/^[A-Za-z][A-Za-z0-9-]{0,15}$/.test(text) ? text.toUpperCase() : undefined),
  } satisfies Field<string>,
  type: choiceField('CDN_TYPE', 'the record type to ask for: V is the course’s own type for video files', ['A', 'V']),
} as const;

/** The fallback where 127.0.0.2 and up can't be bound: store 1 keeps its port, store 2 takes 40725, store 3 the next … */
export function storeEndpoint(index: number, oneAddress: boolean): Endpoint {
  if (!oneAddress) return { address: `127.0.0.${index + 1}`, port: DEFAULTS.store.port };
  return index === 0 ? DEFAULTS.store : { address: LOOPBACK, port: DEFAULTS.cdnAuthority.port + index };
}
