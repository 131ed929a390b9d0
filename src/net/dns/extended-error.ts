// Extended DNS errors (RFC 8914): an option that says in words why an answer is an error.

import type { EdnsOption } from './message.js';

export const EXTENDED_ERROR_OPTION = 15;

/** Info codes, those that the parties here have cause to say (RFC 8914 §4). */
export const EXTENDED_ERROR = { OTHER: 0, STALE_ANSWER: 3, CACHED_ERROR: 13, NOT_READY: 14, PROHIBITED: 18, STALE_NXDOMAIN: 19, NOT_AUTHORITATIVE: 20, NOT_SUPPORTED: 21, NO_REACHABLE_AUTHORITY: 22, NETWORK_ERROR: 23, INVALID_DATA: 24 } as const;

const PURPOSES: ReadonlyMap<number, string> = new Map([
  [0, 'Other Error'], [1, 'Unsupported DNSKEY Algorithm'], [2, 'Unsupported DS Digest Type'], [3, 'Stale Answer'], [4, 'Forged Answer'],
  [5, 'DNSSEC Indeterminate'], [6, 'DNSSEC Bogus'], [7, 'Signature Expired'], [8, 'Signature Not Yet Valid'], [9, 'DNSKEY Missing'],
  [10, 'RRSIGs Missing'], [11, 'No Zone Key Bit Set'], [12, 'NSEC Missing'], [13, 'Cached Error'], [14, 'Not Ready'], [15, 'Blocked'],
  [16, 'Censored'], [17, 'Filtered'], [18, 'Prohibited'], [19, 'Stale NXDomain Answer'], [20, 'Not Authoritative'], [21, 'Not Supported'],
  [22, 'No Reachable Authority'], [23, 'Network Error'], [24, 'Invalid Data'],
]);

export interface ExtendedError {
  readonly infoCode: number;
  /** The registry's words for the code: "No Reachable Authority". */
  readonly purpose: string;
  /** What the server adds, often nothing; a stranger's text, control characters and all. */
  readonly text: string;
}

export function encodeExtendedError(infoCode: number, text = ''): EdnsOption {
  return { code: EXTENDED_ERROR_OPTION, data: new Uint8Array(Buffer.concat([Buffer.from([infoCode >>> 8, infoCode & 0xff]), Buffer.from(text, 'utf8')])) };
}

/** undefined for another option, or one too short to hold the code. */
export function decodeExtendedError(option: EdnsOption): ExtendedError | undefined {
  const { data } = option;
  if (option.code !== EXTENDED_ERROR_OPTION || data.length < 2) return undefined;
  const infoCode = ((data[0] as number) << 8) | (data[1] as number);
  // §2: the text has no end mark, but some senders put a zero there.
  const text = Buffer.from(data.subarray(2)).toString('utf8').replace(/\0$/, '');
  return { infoCode, purpose: PURPOSES.get(infoCode) ?? `Extended Error ${infoCode}`, text };
}
