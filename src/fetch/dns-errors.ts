// DNS that fails: which party, on what question, and what to type next.

import { CdnError } from '../base/errors.js';
import { shellWord } from '../base/printable.js';
import { formatEndpoint, parseEndpoint, type Endpoint } from '../net/address.js';
import type { Account } from '../net/dns/account.js';
import { decodeExtendedError } from '../net/dns/edns.js';
import { RCODE, TYPE, type DnsMessage } from '../net/dns/message.js';
import type { Name } from '../net/dns/name.js';
import { formatRcode, formatType } from '../net/dns/text.js';
import { bareName } from './account.js';
import { printable } from './text.js';

function dig(server: Endpoint, name: string, type: number, flags = ''): string {
  const shownType = type === TYPE.A ? '' : ` TYPE${type}`;
  // dig takes such a word for an option of its own unless -q stands before it.
  const question = /^[-+@]/.test(name) ? `-q ${shellWord(name)}` : shellWord(name);
  return `dig ${flags}@${server.address} -p ${server.port} ${question}${shownType}`;
}

/** An exchange with the local DNS that brought no answer. An abort stays what it is. */
export function notThere(error: unknown, dns: Endpoint, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (!(error instanceof CdnError)) return error;
  // The exchange knows whom it asked what, and not what part that server plays.
  return new CdnError(error.code, error.message.replace(/^DNS server (?=[\d.:[\]a-f]+)/, 'local DNS '), {
    details: { ...error.details, party: 'local DNS', address: dns.address, port: dns.port },
    suggestions: ['cdn dns   (starts the local DNS and both authorities)', 'cdn up   (starts the whole network)', 'name another DNS with --dns ADDR:PORT'],
    cause: error,
  });
}

/** Why an answer is an error, in the server's own words (RFC 8914); often none. */
export function failureReasons(message: DnsMessage): readonly string[] {
  return (message.edns?.options ?? []).flatMap((option) => {
    const extended = decodeExtendedError(option);
    return extended === undefined ? [] : [printable(extended.text === '' ? extended.purpose : extended.text)];
  });
}

/** A response whose rcode is an error other than NXDOMAIN. */
export function failedAnswer(message: DnsMessage, asked: { dns: Endpoint; name: Name; type: number; account: Account | undefined }): CdnError {
  const name = bareName(asked.name.toString());
  const rcode = formatRcode(message.rcode);
  const where = formatEndpoint(asked.dns);
  const last = asked.account?.exchanges.at(-1);
  const authority = last === undefined || last.rcode === 'NOERROR' ? undefined : last;
  const reasons = [...failureReasons(message)];
  if (authority !== undefined && !reasons.some((reason) => reason.includes(authority.to))) {
    reasons.push(`authority of ${bareName(authority.authority)} ${authority.to}: ${authority.rcode}`);
  }
  const endpoint = authority === undefined ? undefined : parseEndpoint(authority.to);
  const why = reasons.length === 0 ? '' : `: ${printable(reasons.join('; '))}`;
  return new CdnError('DNS_FAILURE', `local DNS ${where} answered ${rcode} to ${formatType(asked.type)} ${name}${why}`, {
    details: { party: 'local DNS', address: asked.dns.address, port: asked.dns.port, name, rcode, ...(authority === undefined ? {} : { authority: authority.authority, authorityEndpoint: authority.to }) },
    suggestions: [
      ...(endpoint === undefined || authority === undefined ? [] : [dig(endpoint, bareName(authority.name), asked.type, '+norecurse ')]),
      ...(message.rcode === RCODE.SERVFAIL ? ['cdn dns --role authoritative   (starts both authorities)'] : []),
      dig(asked.dns, name, asked.type),
    ],
  });
}

/** The name does not exist (`nxdomain`), or has no record of the type asked for (`nodata`). */
export function noSuchName(name: Name, dns: Endpoint, type: number, kind: 'nxdomain' | 'nodata'): CdnError {
  const bare = bareName(name.toString());
  const where = formatEndpoint(dns);
  const message = kind === 'nxdomain' ? `there is no name ${bare}, says local DNS ${where}` : `${bare} has no ${formatType(type)} record, says local DNS ${where}`;
  return new CdnError('NO_SUCH_NAME', message, { details: { name: bare, dns: where, kind }, suggestions: [dig(dns, bare, type)] });
}

