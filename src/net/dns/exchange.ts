// The asking side: one question to one server, until there is an answer or the time is up. UDP first,
// TCP for what doesn't fit (RFC 7766 §5), and hard to forge (RFC 5452).

import { deadline, type Clock } from '../../base/clock.js';
import { CdnError } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import { formatEndpoint, type Endpoint } from '../address.js';
import { createCaseChangers, mixCase, type CaseChangers } from './exchange-case.js';
import { exchangeTcp } from './exchange-tcp.js';
import { exchangeUdp } from './exchange-udp.js';
import { RCODE, type DnsMessage } from './message.js';
import { formatType } from './text.js';
import type { Attempt, ExchangedOctets } from './verdict.js';

export interface ExchangeResult {
  readonly message: DnsMessage;
  /** How the answer came in the end. */
  readonly transport: 'udp' | 'tcp';
  /** Our side of that socket, or connection. */
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** From the call to the answer, retries and TCP included. */
  readonly durationMs: number;
  /** Absent where no wire was: in a table, for tests. */
  readonly wire?: ExchangedOctets;
}

export interface ExchangeOptions {
  /** For everything together: no exchange takes longer. */
  readonly timeoutMs: number;
  /** How often it is asked over UDP, each time with an ID, a socket and an equal part of the time of its own; 2 unless said. */
  readonly attempts?: number;
  /**
   * The question goes out in random letter case, but to servers known to change it. An answer over UDP in
   * another case may be forged: the question is then asked over TCP.
   */
  readonly mixCase?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * The answer of `server`, whatever its rcode. The query's own ID doesn't matter. Rejects with
 * DNS_UNREACHABLE (nobody there, or nothing heard in time), PEER_PROTOCOL (what came was no DNS
 * answer), or the signal's reason; no socket is left open either way.
 */
export type DnsExchange = (server: Endpoint, query: DnsMessage, options: ExchangeOptions) => Promise<ExchangeResult>;

interface ExchangeEnv {
  readonly clock: Clock;
  readonly random: Random;
}

/** The last thing tried, and how it ended. */
interface Outcome {
  readonly transport: 'udp' | 'tcp';
  readonly attempt: Attempt;
}

const ATTEMPTS = 2;

export function createDnsExchange(env: ExchangeEnv): DnsExchange {
  const caseChangers = createCaseChangers(() => env.clock.monotonic());
  return async (server, query, options) => {
    const startedAt = env.clock.monotonic();
    const limit = deadline(env.clock, options.timeoutMs, () => new Error('time is up'), options.signal);
    try {
      const { transport, attempt } = await ask(server, query, options, limit.signal, env, caseChangers);
      if (attempt.kind === 'answer') {
        return { message: attempt.message, wire: attempt.wire, transport, local: attempt.local, remote: server, durationMs: env.clock.monotonic() - startedAt };
      }
      if (options.signal?.aborted === true) throw options.signal.reason;
      throw failure(server, query, options.timeoutMs, { transport, attempt });
    } finally {
      limit.stop();
    }
  };
}

async function ask(server: Endpoint, query: DnsMessage, options: ExchangeOptions, signal: AbortSignal, env: ExchangeEnv, caseChangers: CaseChangers): Promise<Outcome> {
  const endsAt = env.clock.monotonic() + options.timeoutMs;
  let last: Attempt = { kind: 'silent' };
  const [question] = query.questions;
  const secret = options.mixCase === true && question !== undefined && !caseChangers.has(formatEndpoint(server));
  const mixed = secret ? mixCase(question.name, env.random) : undefined;
  let asked = mixed && question ? { ...query, questions: [{ ...question, name: mixed.mixed }] } : query;
  for (let left = Math.max(1, options.attempts ?? ATTEMPTS); left > 0 && !signal.aborted; ) {
    asked = { ...asked, id: env.random.int(0x1_0000) };
    const attempt = await exchangeUdp(server, asked, Math.max(0, endsAt - env.clock.monotonic()) / left, signal, env, mixed);
    if (attempt.kind === 'answer') {
      const { message } = attempt;
      if (message.truncated || !attempt.sameCase) {
        const over = await exchangeTcp(server, { ...asked, id: env.random.int(0x1_0000) }, signal, mixed);
        // Nobody off the path can forge this one, so it is the server itself that changes the case.
        if (over.kind === 'answer' && !over.sameCase) caseChangers.add(formatEndpoint(server));
        return { transport: 'tcp', attempt: over };
      }
      // RFC 6891 §7: so answers a server that doesn't know EDNS. Asked without, it costs no attempt.
      if (!asked.edns || message.rcode !== RCODE.FORMERR || message.edns) return { transport: 'udp', attempt };
      asked = { ...asked, edns: undefined };
      continue;
    }
    // Junk says more about the server than silence after it.
    if (attempt.kind !== 'silent' || last.kind === 'silent') last = attempt;
    left -= 1;
  }
  return { transport: 'udp', attempt: last };
}

function failure(server: Endpoint, query: DnsMessage, timeoutMs: number, { transport, attempt }: Outcome): CdnError {
  const [question] = query.questions;
  const name = String(question?.name ?? '.');
  const type = question?.type ?? 0;
  const why = attempt.kind === 'unreachable' || attempt.kind === 'malformed' ? attempt.why : `did not answer within ${timeoutMs} ms`;
  const asked = `${formatType(type)} ${name} over ${transport.toUpperCase()}`;
  return new CdnError(attempt.kind === 'malformed' ? 'PEER_PROTOCOL' : 'DNS_UNREACHABLE', `DNS server ${formatEndpoint(server)}, asked for ${asked}, ${why}`, {
    details: { address: server.address, port: server.port, transport, name, type: formatType(type) },
    suggestions: [`dig ${transport === 'tcp' ? '+tcp ' : ''}@${server.address} -p ${server.port} -q ${shellWord(name)} -t TYPE${type}`],
  });
}

/** A name may come from a stranger, and what we suggest gets pasted into a shell. */
function shellWord(name: string): string {
  return /^[\w.-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;
}
