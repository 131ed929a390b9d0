// Which proxy a URL is fetched through, by the variables that curl and others read.

import { CdnError } from '../../base/errors.js';
import { isLoopback } from '../address.js';

export interface ProxyAddress {
  readonly host: string;
  readonly port: number;
  /** The Proxy-Authorization field (RFC 7617), from the name and password in its URL. */
  readonly authorization: string | undefined;
}

export interface ProxyVariables {
  readonly http: string | undefined;
  readonly https: string | undefined;
  readonly all: string | undefined;
  /** Hosts that need none: names, also of what is below them, addresses; "*" for all. */
  readonly none: string | undefined;
}

/** What is no escape stays as it is. */
function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** "http://user:password@host:port", "host:port"; undefined for what is none, or no HTTP proxy. Without a port: 1080, as curl has it. */
export function parseProxy(text: string): ProxyAddress | undefined {
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  if (!URL.canParse(full)) return undefined;
  const url = new URL(full);
  if (url.protocol !== 'http:' || url.hostname === '') return undefined;
  // The URL class drops the port that is its scheme's own.
  const port = url.port !== '' ? Number(url.port) : /:80\/?$/.test(full) ? 80 : 1080;
  const credentials = `${percentDecoded(url.username)}:${percentDecoded(url.password)}`;
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port, authorization: url.username === '' ? undefined : `Basic ${Buffer.from(credentials).toString('base64')}` };
}

function needsNone(host: string, list: string): boolean {
  return list.split(/[,\s]+/).some((entry) => {
    const name = entry.toLowerCase().replace(/^\*?\./, '').replace(/:\d+$/, '');
    return entry === '*' || (name !== '' && (host === name || host.endsWith(`.${name}`)));
  });
}

/**
 * undefined: straight. This machine's own addresses are never behind a proxy that only the environment names.
 * @throws CdnError USAGE where the proxy named is none of HTTP: going straight is what it was named against
 */
export function selectProxy(url: URL, variables: ProxyVariables): ProxyAddress | undefined {
  const host = url.hostname.toLowerCase().replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (isLoopback(host) || host === 'localhost' || host.endsWith('.localhost')) return undefined;
  if (variables.none !== undefined && needsNone(host, variables.none)) return undefined;
  const text = (url.protocol === 'https:' ? variables.https : variables.http) ?? variables.all;
  if (text === undefined || text === '') return undefined;
  const proxy = parseProxy(text);
  if (proxy !== undefined) return proxy;
  // It may hold a password.
  const scheme = /^[a-z][a-z0-9+.-]*(?=:\/\/)/i.exec(text)?.[0];
  throw new CdnError('USAGE', `the proxy for ${host} that the environment names is no HTTP proxy${scheme === undefined ? '' : ` (${scheme})`}; only these are spoken with`, {
    suggestions: ['the same command with --proxy http://HOST:PORT', `the same command with no_proxy=${host} before it, to go straight`],
  });
}
