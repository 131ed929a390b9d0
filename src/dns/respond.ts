// A resolution as the answer to a client's query. Pure.

import { encodeAccount, type AccountedExchange } from '../net/dns/account.js';
import { createResponse } from '../net/dns/build.js';
import { createEdns, encodeClientSubnet, encodeExtendedError, EXTENDED_ERROR } from '../net/dns/edns.js';
import { RCODE, type DnsQuery, type EdnsOption } from '../net/dns/message.js';
import type { Answer } from './answerer.js';
import { round, type Happened } from './ask-server.js';
import type { Resolution } from './resolve.js';
import type { Client } from './subnet.js';

/** `account`: the exchanges to give account of, if any account is to be given. */
export function respond(query: DnsQuery, resolution: Resolution, client: Client, account: readonly AccountedExchange[] | undefined): Answer {
  const { rcode, answers, soa, failure } = resolution;
  const message = createResponse(query.message, {
    recursionAvailable: true,
    rcode,
    answers,
    authorities: soa ? [soa] : [],
    ...(query.message.edns && { edns: createEdns({ dnssecOk: query.message.edns.dnssecOk, options: optionsOf(resolution, client, account) }) }),
  });
  return { message, cached: failure === undefined && resolution.exchanges.length === 0, ...(failure && { failure: failure.text }) };
}

function optionsOf({ rcode, failure, remembered, staleBecause, scope, exchanges }: Resolution, client: Client, account: readonly AccountedExchange[] | undefined): readonly EdnsOption[] {
  const options: EdnsOption[] = [];
  // RFC 8914 §3: the client is told why, and of whom it could not be learned.
  if (failure) options.push(encodeExtendedError(failure.infoCode, failure.text));
  // §4.14: and that it isn't the answer to this question alone.
  if (failure && remembered && exchanges.length === 0) options.push(encodeExtendedError(EXTENDED_ERROR.CACHED_ERROR));
  // RFC 8767 §4, RFC 8914 §4.4, §4.20.
  if (staleBecause) options.push(encodeExtendedError(rcode === RCODE.NXDOMAIN ? EXTENDED_ERROR.STALE_NXDOMAIN : EXTENDED_ERROR.STALE_ANSWER, staleBecause.text));
  // RFC 7871 §7.2.2: the option as it came, and how much of it the answer depends on.
  if (client.echo) options.push(encodeClientSubnet({ ...client.echo, scopePrefixLength: scope }));
  if (account) options.push(encodeAccount({ cached: account.length === 0, exchanges: account }));
  return options;
}

/** An exchange that another client's question began may be older than this question. */
export function since(startedAtMs: number, happened: Happened): AccountedExchange {
  return { at: Math.max(0, round(happened.startedAtMs - startedAtMs)), ...happened.account() };
}
