// Asks a running `cdn dns` how its stores are, or to drain one.

import { CdnError } from '../base/errors.js';
import type { RoutingStatus } from '../dns/index.js';
import { formatEndpoint, type Endpoint } from '../net/address.js';
import type { Env } from './env.js';

/** Drains are made first, in this order; then the status. */
export interface StatusRequest {
  readonly endpoint: Endpoint;
  readonly drain: readonly string[];
  readonly undrain: readonly string[];
}

const MAX_OCTETS = 1_000_000;
const NOBODY_TELLS = ['cdn up   (starts the whole network)', 'cdn dns   (starts the name servers alone)', 'the same command with --status-listen ADDR:PORT, where one that runs says that it tells it'];

async function ask(endpoint: Endpoint, method: 'GET' | 'POST', target: string, env: Pick<Env, 'http'>): Promise<{ readonly status: number; readonly text: string }> {
  const where = formatEndpoint(endpoint);
  const response = await env.http.request({ endpoint, method, target, host: where }).catch((cause: unknown) => {
    throw new CdnError('DNS_UNREACHABLE', `no name server tells its status on ${where}`, { details: { endpoint }, suggestions: NOBODY_TELLS, cause });
  });
  const parts: Uint8Array[] = [];
  let octets = 0;
  for await (const part of response.body) {
    octets += part.byteLength;
    if (octets > MAX_OCTETS) throw new CdnError('PEER_PROTOCOL', `${where} sent too long a status`, { details: { endpoint } });
    parts.push(part);
  }
  return { status: response.status, text: Buffer.concat(parts).toString('utf8') };
}

function isStatus(value: unknown): value is RoutingStatus {
  return typeof value === 'object' && value !== null && 'stores' in value && Array.isArray(value.stores) && 'policies' in value && Array.isArray(value.policies);
}

/** @throws CdnError DNS_UNREACHABLE, PEER_PROTOCOL; USAGE for a store that there is not */
export async function requestStatus({ endpoint, drain, undrain }: StatusRequest, env: Pick<Env, 'http'>): Promise<RoutingStatus> {
  for (const [ids, word] of [[drain, 'true'], [undrain, 'false']] as const) {
    for (const id of ids) {
      const { status, text } = await ask(endpoint, 'POST', `/_cdn/drain?store=${encodeURIComponent(id)}&drain=${word}`, env);
      if (status !== 200) throw new CdnError('USAGE', `cannot drain ${id}: ${text.trim()}`, { details: { endpoint, store: id, status }, suggestions: ['cdn dns --status   (names the stores)'] });
    }
  }
  const { text } = await ask(endpoint, 'GET', '/_cdn/health', env);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (isStatus(value)) return value;
  throw new CdnError('PEER_PROTOCOL', `${formatEndpoint(endpoint)} answers, but not as cdn dns does`, { details: { endpoint } });
}
