// Names, questions and answers in the words of the transcripts. Pure.

import { RCODE, type DnsMessage, type Question, type ResourceRecord } from '../net/dns/message.js';
import type { Name } from '../net/dns/name.js';
import { formatRData, formatRcode, formatType } from '../net/dns/text.js';

/** "file1.hiscinema.com": without the final dot, but for the root. */
export function plain(name: Name): string {
  return name.labelCount === 0 ? '.' : name.toString().slice(0, -1);
}

/** "A file1.hiscinema.com"; in lower case, since a resolver chooses the letter case by chance. */
export function describeQuestion(question: Question): string {
  return `${formatType(question.type)} ${plain(question.name).toLowerCase()}`;
}

const MOST_RECORDS = 4;

/** "CNAME file1.hercdn.com, A 127.0.0.2"; "NXDOMAIN"; "no data"; "referral to sub.example.com". */
export function describeAnswer(message: DnsMessage): string {
  const shown = message.answers.slice(0, MOST_RECORDS).map(describeRecord);
  const more = message.answers.length - shown.length;
  if (more > 0) shown.push(`${more} more`);
  if (message.rcode !== RCODE.NOERROR) shown.push(formatRcode(message.rcode));
  else if (shown.length === 0) shown.push(message.authoritative || !message.authorities[0] ? 'no data' : `referral to ${plain(message.authorities[0].name)}`);
  return shown.join(', ');
}

/** Beyond, nobody reads it: a list of all types there can be has 65,536 words. */
const MOST_OCTETS = 300;

function describeRecord({ type, data }: ResourceRecord): string {
  const octets = Object.values<unknown>(data).flat().reduce<number>((sum, value) => sum + (value instanceof Uint8Array ? value.length : 0), 0);
  if (octets > MOST_OCTETS) return `${formatType(type)} of ${octets} octets`;
  const text = 'target' in data && data.kind !== 'SRV' ? plain(data.target) : formatRData(data);
  return `${formatType(type)} ${text}`;
}
