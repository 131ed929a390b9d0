// Every option once: what it is called in the environment, what it may be, what it is when nobody
// says, and the sentence that explains it. Flags, checks and help are made from here.

import { fileURLToPath } from 'node:url';
import { parseRate } from '../base/units.js';
import { formatEndpoint, parseEndpoint, type Endpoint } from '../net/address.js';

export interface Field<T> {
  readonly env: string;
  readonly summary: string;
  /** Completes "expected …" in an error. */
  readonly expected: string;
  /** The placeholder in help. */
  readonly value: string;
  /** undefined when the text is none of what is expected. */
  parse(text: string): T | undefined;
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
  /** The clips that come with the program. */
  dir: fileURLToPath(new URL('../../videos', import.meta.url)),
  /** How long a party may be silent before it counts as down: with the program's start, under five seconds. */
  timeoutMs: 4000,
  /** How long transfers under way may go on after the first Ctrl-C. */
  graceMs: 10_000,
} as const satisfies Record<string, Endpoint | string | number>;

/** More than this many loopback addresses or ports nobody wants in one terminal. */
export const MAX_STORES = 64;

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

function parseZoneAuthority(text: string): ZoneAuthority | undefined {
  const cut = text.indexOf('=');
  const endpoint = parseEndpoint(text.slice(cut + 1));
  const zone = text.slice(0, Math.max(cut, 0)).trim();
  return zone === '' || endpoint === undefined ? undefined : { zone, endpoint };
}

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
  zone: pathField('CDN_ZONE', 'a master file to serve as one more zone (repeatable)', 'FILE'),
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
  type: choiceField('CDN_TYPE', 'the record type to ask for: V is the course’s own type for video files', ['A', 'V']),
} as const;

/** The fallback where 127.0.0.2 and up can't be bound: store 1 keeps its port, store 2 takes 40725, store 3 the next … */
export function storeEndpoint(index: number, oneAddress: boolean): Endpoint {
  if (!oneAddress) return { address: `127.0.0.${index + 1}`, port: DEFAULTS.store.port };
  return index === 0 ? DEFAULTS.store : { address: LOOPBACK, port: DEFAULTS.cdnAuthority.port + index };
}
