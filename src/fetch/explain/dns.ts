// What a question to the local DNS adds to the story besides its two lines: facts, a bar of the
// waterfall, and the octets.

import type { ExchangeResult } from '../../net/dns/exchange.js';
import type { DnsMessage } from '../../net/dns/message.js';
import { formatRcode, formatRecord } from '../../net/dns/text.js';
import { failureReasons } from '../dns-errors.js';
import type { Story } from '../explain.js';
import type { Party } from '../model.js';

/** `cached` is undefined where the local DNS gives no account of it. */
export function answerFacts(message: DnsMessage, cached: boolean | undefined): Readonly<Record<string, unknown>> {
  const reasons = failureReasons(message);
  return {
    rcode: formatRcode(message.rcode), cached, answers: message.answers.length, records: message.answers.map(formatRecord),
    ...(reasons.length > 0 && { reasons }),
  };
}

/** The bar of a question that has just been answered, or given up. */
export function tellAsking(story: Story, dns: Party, what: string, askedAtMs: number, failed?: string): void {
  story.phase({
    kind: 'dns', label: what.replace(/ \(RD=1\)$/, ''), party: dns, sight: 'seen', startMs: askedAtMs, endMs: story.elapsedMs(),
    ...(failed !== undefined && { failed }),
  });
}

export function recordExchange(story: Story, result: ExchangeResult, askedAtMs: number): void {
  const { wire, transport, local, remote } = result;
  if (wire === undefined) return;
  const common = { protocol: 'dns', transport, connection: 0, client: local, server: remote, part: 'message', origin: 'sent' } as const;
  story.wire({ ...common, atMs: askedAtMs, sender: 'client', octets: wire.sent });
  story.wire({ ...common, atMs: story.elapsedMs(), sender: 'server', octets: wire.received });
}
