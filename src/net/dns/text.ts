// Numbers and records <-> the words of a master file (RFC 1035 §5, RFC 3597 §5).

import { CLASS, RCODE, TYPE, type ResourceRecord } from './message.js';
import { formatRData } from './rdata.js';

export { parseDomain, parseSeconds, type Token } from './fields.js';
export { formatRData, parseRData, type ParsedRData } from './rdata.js';

/** A table of mnemonics, and the word before the number of whatever isn't in it: TYPE731, CLASS32. */
function mnemonics(table: Readonly<Record<string, number>>, prefix: string): { format(value: number): string; parse(text: string): number | undefined } {
  const byNumber = new Map(Object.entries(table).map(([word, value]) => [value, word]));
  const byWord = new Map(Object.entries(table));
  const numbered = new RegExp(`^${prefix}(\\d{1,5})$`);
  return {
    format: (value) => byNumber.get(value) ?? `${prefix}${value}`,
    parse: (text) => {
      const word = text.toUpperCase();
      const digits = numbered.exec(word)?.[1];
      if (digits === undefined) return byWord.get(word);
      return Number(digits) <= 0xffff ? Number(digits) : undefined;
    },
  };
}

const types = mnemonics(TYPE, 'TYPE');
const classes = mnemonics(CLASS, 'CLASS');
const rcodes = mnemonics(RCODE, 'RCODE');

/** 28 -> "AAAA", 65280 -> "V", 731 -> "TYPE731". */
export const formatType = types.format;
/** "AAAA", "aaaa", "V", "TYPE65280"; undefined for any other word. */
export const parseType = types.parse;
/** 1 -> "IN", 32 -> "CLASS32". */
export const formatClass = classes.format;
export const parseClass = classes.parse;
/** 3 -> "NXDOMAIN", 23 -> "RCODE23". */
export const formatRcode = rcodes.format;

/** One line of a master file: "file1.hercdn.com. 20 IN A 127.0.0.1". */
export function formatRecord(record: ResourceRecord): string {
  return `${record.name} ${record.ttl} ${formatClass(record.class)} ${formatType(record.type)} ${formatRData(record.data)}`;
}
