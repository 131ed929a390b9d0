// The DNS part of a fetch alone: one question to the local DNS, for any name and type, and its story.

import { CdnError } from '../base/errors.js';
import { RCODE } from '../net/dns/message.js';
import { Name } from '../net/dns/name.js';
import { formatRcode, formatRecord, formatType } from '../net/dns/text.js';
import { createTrace } from '../observe/trace.js';
import { noSuchName } from './dns-errors.js';
import { createStory } from './explain.js';
import type { FetchEnv, FetchEvent, FetchOptions, StoryMessage } from './model.js';
import { createResolve } from './resolve.js';
import { printable, printableFacts } from './text.js';

/** QTYPE * (RFC 1035 §3.2.3): any answer will do. */
const ANY = 255;

export interface TraceReport {
  readonly name: string;
  readonly type: string;
  readonly rcode: string;
  /** Lines of a master file. */
  readonly records: readonly string[];
  readonly dns: { readonly address: string; readonly port: number };
  readonly durationMs: number;
  readonly traceId: string;
  readonly messages: readonly StoryMessage[];
}

/** @throws CdnError USAGE for what is no domain name */
export function parseTraceName(text: string): Name {
  const name = Name.parse(text);
  if (name === undefined || text === '' || /[\s/]/.test(text)) {
    throw new CdnError('USAGE', `cannot trace "${printable(text, 80)}": that is no domain name`, { suggestions: ['cdn trace file1.hiscinema.com'] });
  }
  return name;
}

/**
 * Asks, and tells messages 3 to 8.
 * @throws CdnError NO_SUCH_NAME when there is no such name, or no such record of it; DNS_UNREACHABLE, DNS_FAILURE,
 *   PEER_PROTOCOL; the signal's reason
 */
export async function traceName(request: { readonly name: Name; readonly type: number }, options: FetchOptions, env: FetchEnv, onEvent: (event: FetchEvent) => void, signal: AbortSignal): Promise<TraceReport> {
  const { name, type } = request;
  const trace = createTrace(env.random);
  onEvent({ kind: 'begun', ...trace, atWallMs: env.clock.now() });
  const story = createStory(() => env.clock.monotonic(), onEvent, true);
  const message = await createResolve(options, env).ask(name, type, 'content', { story, trace, signal });
  if (message.rcode === RCODE.NXDOMAIN) throw noSuchName(name, options.dns, type, 'nxdomain');
  if (type !== ANY && !message.answers.some((record) => record.type === type)) throw noSuchName(name, options.dns, type, 'nodata');
  return {
    name: name.toString(), type: formatType(type), rcode: formatRcode(message.rcode), records: printableFacts(message.answers.map(formatRecord)),
    dns: options.dns, durationMs: story.elapsedMs(), traceId: trace.traceId, messages: story.messages,
  };
}
