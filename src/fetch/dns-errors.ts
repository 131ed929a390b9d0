// DNS that fails: which party, on what question, and what to type next.

import { CdnError } from '../base/errors.js';
import { formatEndpoint, parseEndpoint, type Endpoint } from '../net/address.js';
import type { Account } from '../net/dns/account.js';
import { decodeExtendedError } from '../net/dns/edns.js';
import { TYPE, type DnsMessage } from '../net/dns/message.js';
import type { Name } from '../net/dns/name.js';
import { formatRcode, formatType } from '../net/dns/text.js';
import { bareName } from './account.js';
import { printable, shellWord } from './text.js';

function dig(server: Endpoint, name: string, type: number, flags = ''): string {
  const shownType = type === TYPE.A ? '' : ` TYPE${type}`;
  return `dig ${flags}@${server.address} -p ${server.port} ${shellWord(name)}${shownType}`;
}

/** An exchange with the local DNS that brought no answer. An abort stays what it is. */
export function notThere(error: unknown, dns: Endpoint, what: string, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (!(error instanceof CdnError)) return error;
  const where = formatEndpoint(dns);
  const attempt = `asked local DNS ${where} for ${what.replace(/\?/, '').replace(/ \(RD=1\)$/, '')}`;
  return new CdnError(error.code, `${attempt}: ${error.message}`, {
    details: { ...error.details, party: 'local DNS', address: dns.address, port: dns.port },
    suggestions: [`cdn dns   (starts the local DNS and both authorities)`, `cdn up   (starts the whole network)`, 'name another DNS with --dns ADDR:PORT'],
    cause: error,
  });
}

/** A response whose rcode is an error other than NXDOMAIN. */
export function failedAnswer(message: DnsMessage, asked: { dns: Endpoint; name: Name; type: number; account: Account | undefined }): CdnError {
  const name = bareName(asked.name.toString());
  const rcode = formatRcode(message.rcode);
  const where = formatEndpoint(asked.dns);
  const last = asked.account?.exchanges.at(-1);
  const authority = last === undefined || last.rcode === 'NOERROR' ? undefined : last;
  const reasons = (message.edns?.options ?? []).flatMap((option) => {
    const extended = decodeExtendedError(option);
    return extended === undefined ? [] : [extended.text === '' ? extended.purpose : extended.text];
  });
  if (authority !== undefined && !reasons.some((reason) => reason.includes(authority.to))) {
    reasons.push(`authority of ${bareName(authority.authority)} ${authority.to}: ${authority.rcode}`);
  }
  const endpoint = authority === undefined ? undefined : parseEndpoint(authority.to);
  const why = reasons.length === 0 ? '' : `: ${printable(reasons.join('; '))}`;
  return new CdnError('DNS_FAILURE', `local DNS ${where} answered ${rcode} to ${formatType(asked.type)} ${name}${why}`, {
    details: { party: 'local DNS', address: asked.dns.address, port: asked.dns.port, name, rcode, ...(authority === undefined ? {} : { authority: authority.authority, authorityEndpoint: authority.to }) },
    suggestions: [
      ...(endpoint === undefined || authority === undefined ? [] : [dig(endpoint, bareName(authority.name), asked.type, '+norecurse '), 'cdn dns --role authoritative   (starts both authorities)']),
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

