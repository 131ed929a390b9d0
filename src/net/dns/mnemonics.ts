// Numbers of types, classes, rcodes and DNSSEC algorithms <-> the words for them.

import { CLASS, RCODE, TYPE } from './message.js';

/** A table of words for numbers. */
export interface Mnemonics {
  format(value: number): string;
  parse(text: string): number | undefined;
}

/** `prefix` is the word before the number of whatever isn't in the table: TYPE731, CLASS32. */
function mnemonics(table: Readonly<Record<string, number>>, prefix: string): Mnemonics {
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

export const TYPE_WORDS: Mnemonics = mnemonics(TYPE, 'TYPE');
export const CLASS_WORDS: Mnemonics = mnemonics(CLASS, 'CLASS');
export const RCODE_WORDS: Mnemonics = mnemonics(RCODE, 'RCODE');

/** The registry's words (RFC 4034 §A.1, RFC 8624); master files may have them in place of the number. */
const ALGORITHMS: ReadonlyMap<string, number> = new Map([
  ['DELETE', 0], ['RSAMD5', 1], ['DH', 2], ['DSA', 3], ['RSASHA1', 5], ['DSA-NSEC3-SHA1', 6], ['RSASHA1-NSEC3-SHA1', 7], ['RSASHA256', 8], ['RSASHA512', 10],
  ['ECC-GOST', 12], ['ECDSAP256SHA256', 13], ['ECDSAP384SHA384', 14], ['ED25519', 15], ['ED448', 16], ['INDIRECT', 252], ['PRIVATEDNS', 253], ['PRIVATEOID', 254],
]);

/** "ECDSAP256SHA256" -> 13; undefined for any other word, and for numbers. */
export function parseAlgorithm(text: string): number | undefined {
  return ALGORITHMS.get(text.toUpperCase());
}
