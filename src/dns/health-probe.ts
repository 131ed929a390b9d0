// One probe: GET /_cdn/health of a store, and what its answer says.

import { deadline, type Clock } from '../base/clock.js';
import { messageOf } from '../base/errors.js';
import { formatEndpoint, type Endpoint } from '../net/address.js';
import type { HttpClient } from '../net/http/client.js';
import type { LoadReport, ProbeOutcome } from './health-state.js';

/** A report is a line; more than this isn't read. */
const MAX_REPORT_OCTETS = 16_384;
const NO_REPORT: LoadReport = { transfers: undefined, capacity: undefined };

/** Never rejects but with the reason of `signal`; connecting, waiting and reading have `timeoutMs` in all. */
export async function probeStore(endpoint: Endpoint, timeoutMs: number, env: { readonly clock: Clock; readonly http: HttpClient }, signal: AbortSignal): Promise<ProbeOutcome> {
  const late = deadline(env.clock, timeoutMs, () => new Error(`no answer within ${timeoutMs} ms`), signal);
  try {
    const response = await env.http.request({ endpoint, method: 'GET', target: '/_cdn/health', host: formatEndpoint(endpoint), fields: { accept: 'application/json' }, signal: late.signal });
    const text = await readText(response.body);
    if (response.status !== 200) return { kind: 'failed', reason: describeRefusal(response.status, text) };
    return { kind: 'alive', report: readReport(text) };
  } catch (error) {
    signal.throwIfAborted();
    return { kind: 'failed', reason: messageOf(error) };
  } finally {
    late.stop();
  }
}

/** At most MAX_REPORT_OCTETS of it; leaving the loop closes the connection. */
async function readText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  let octets = 0;
  for await (const part of body) {
    parts.push(part);
    octets += part.byteLength;
    if (octets > MAX_REPORT_OCTETS) return '';
  }
  return Buffer.concat(parts).toString('utf8');
}

function describeRefusal(status: number, text: string): string {
  const said = parseObject(text)?.['status'];
  return typeof said === 'string' ? `it answers ${status}: ${said.slice(0, 80).replace(/[^\x20-\x7e]/g, '?')}` : `it answers ${status}`;
}

/** A store of another make may say nothing of its load. */
export function readReport(text: string): LoadReport {
  const report = parseObject(text);
  return report ? { transfers: countOf(report['transfers']), capacity: countOf(report['capacity']) } : NO_REPORT;
}

function countOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : undefined;
  } catch {
    return undefined;
  }
}
