// DNS messages as values (RFC 1035 §4, RFC 6891).

import type { Endpoint } from '../address.js';
import type { Eventual } from '../handler.js';
import type { Name } from './name.js';

/** Resource record types, by mnemonic. V is private use (RFC 6895 §3.1): the course's type for video files. */
export const TYPE = {
  A: 1, NS: 2, CNAME: 5, SOA: 6, PTR: 12, MX: 15, TXT: 16, AAAA: 28, SRV: 33, OPT: 41,
  IXFR: 251, AXFR: 252, ANY: 255, V: 65280,
} as const;

export const CLASS = { IN: 1, CH: 3, NONE: 254, ANY: 255 } as const;
export const OPCODE = { QUERY: 0, IQUERY: 1, STATUS: 2, NOTIFY: 4, UPDATE: 5 } as const;
export const RCODE = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5, BADVERS: 16 } as const;

/** RDATA of the types known here; any other is carried as octets (RFC 3597). `type` of a record says which. */
export type RData =
  | { readonly kind: 'A'; readonly address: string }
  | { readonly kind: 'AAAA'; readonly address: string }
  | { readonly kind: 'NS' | 'CNAME' | 'PTR'; readonly target: Name }
  | { readonly kind: 'SOA'; readonly mname: Name; readonly rname: Name; readonly serial: number; readonly refresh: number; readonly retry: number; readonly expire: number; readonly minimum: number }
  | { readonly kind: 'MX'; readonly preference: number; readonly exchange: Name }
  | { readonly kind: 'TXT'; readonly strings: readonly Uint8Array[] }
  | { readonly kind: 'SRV'; readonly priority: number; readonly weight: number; readonly port: number; readonly target: Name }
  | { readonly kind: 'V'; readonly content: Name; readonly object: Uint8Array }
  | { readonly kind: 'unknown'; readonly octets: Uint8Array };

export interface Question {
  readonly name: Name;
  readonly type: number;
  readonly class: number;
}

export interface ResourceRecord {
  readonly name: Name;
  readonly type: number;
  readonly class: number;
  /** Seconds, 0 to 2^31 - 1; a larger value on the wire is read as 0 (RFC 2181 §8). */
  readonly ttl: number;
  readonly data: RData;
}

export interface EdnsOption {
  readonly code: number;
  readonly data: Uint8Array;
}

/** The OPT pseudo-record (RFC 6891 §6.1), taken out of the additional section. */
export interface Edns {
  /** As sent; below 512 means 512 (§6.2.3). */
  readonly udpPayloadSize: number;
  readonly version: number;
  readonly dnssecOk: boolean;
  readonly options: readonly EdnsOption[];
}

export interface DnsMessage {
  readonly id: number;
  /** QR: true in a response. */
  readonly response: boolean;
  readonly opcode: number;
  readonly authoritative: boolean;
  readonly truncated: boolean;
  readonly recursionDesired: boolean;
  readonly recursionAvailable: boolean;
  readonly authenticData: boolean;
  readonly checkingDisabled: boolean;
  /** 12 bits, the upper eight from OPT. */
  readonly rcode: number;
  readonly questions: readonly Question[];
  readonly answers: readonly ResourceRecord[];
  readonly authorities: readonly ResourceRecord[];
  /** Without OPT. */
  readonly additionals: readonly ResourceRecord[];
  readonly edns: Edns | undefined;
}

export interface DnsQuery {
  readonly message: DnsMessage;
  /** `message.questions[0]`; a query with any other number of questions never reaches a handler (RFC 9619). */
  readonly question: Question;
}

export interface Peer {
  readonly remote: Endpoint;
  readonly local: Endpoint;
  readonly transport: 'udp' | 'tcp';
}

/** Gives the answer as a value; the transport truncates, encodes and sends it. */
export type DnsHandler = (query: DnsQuery, peer: Peer) => Eventual<DnsMessage>;
