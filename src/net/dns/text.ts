// Numbers and records <-> the words of a master file (RFC 1035 §5, RFC 3597 §5).

import type { ResourceRecord } from './message.js';
import { CLASS_WORDS, RCODE_WORDS, TYPE_WORDS } from './mnemonics.js';
import { formatRData } from './rdata.js';

export { parseDomain, parseSeconds, type Token } from './fields.js';
export { formatGenericRData, formatRData, parseRData, type ParsedRData } from './rdata.js';

/** 28 -> "AAAA", 65280 -> "V", 731 -> "TYPE731". */
export const formatType = TYPE_WORDS.format;
/** "AAAA", "aaaa", "V", "TYPE65280"; undefined for any other word. */
export const parseType = TYPE_WORDS.parse;
/** 1 -> "IN", 32 -> "CLASS32". */
export const formatClass = CLASS_WORDS.format;
export const parseClass = CLASS_WORDS.parse;
/** 3 -> "NXDOMAIN", 24 -> "RCODE24". */
export const formatRcode = RCODE_WORDS.format;

/** One line of a master file: "file1.hercdn.com. 20 IN A 127.0.0.1". */
export function formatRecord(record: ResourceRecord): string {
  return `${record.name} ${record.ttl} ${formatClass(record.class)} ${formatType(record.type)} ${formatRData(record.data)}`;
}
