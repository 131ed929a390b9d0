// DNS messages as values (RFC 1035 §4, RFC 6891).

import type { Endpoint } from '../address.js';
import type { Eventual } from '../handler.js';
import type { Name } from './name.js';

/** Resource record types, by mnemonic. V is private use (RFC 6895 §3.1): the course's type for video files. */
export const TYPE = {
  A: 1, NS: 2, CNAME: 5, SOA: 6, PTR: 12, HINFO: 13, MX: 15, TXT: 16, AAAA: 28, SRV: 33, NAPTR: 35, DNAME: 39, OPT: 41, DS: 43, SSHFP: 44,
  RRSIG: 46, NSEC: 47, DNSKEY: 48, NSEC3: 50, NSEC3PARAM: 51, TLSA: 52, CDS: 59, CDNSKEY: 60, SVCB: 64, HTTPS: 65,
  TSIG: 250, IXFR: 251, AXFR: 252, ANY: 255, CAA: 257, V: 65280,
} as const;

export const CLASS = { IN: 1, CH: 3, NONE: 254, ANY: 255 } as const;
export const OPCODE = { QUERY: 0, IQUERY: 1, STATUS: 2, NOTIFY: 4, UPDATE: 5 } as const;
export const RCODE = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5, YXDOMAIN: 6, YXRRSET: 7, NXRRSET: 8, NOTAUTH: 9, NOTZONE: 10, BADVERS: 16, BADCOOKIE: 23 } as const;

/** RDATA of the types known here; any other is carried as octets (RFC 3597). `type` of a record says which. */
export type RData =
  | { readonly kind: 'A'; readonly address: string }
  | { readonly kind: 'AAAA'; readonly address: string }
  | { readonly kind: 'NS' | 'CNAME' | 'DNAME' | 'PTR'; readonly target: Name }
  | { readonly kind: 'SOA'; readonly mname: Name; readonly rname: Name; readonly serial: number; readonly refresh: number; readonly retry: number; readonly expire: number; readonly minimum: number }
  | { readonly kind: 'MX'; readonly preference: number; readonly exchange: Name }
  | { readonly kind: 'TXT'; readonly strings: readonly Uint8Array[] }
  | { readonly kind: 'SRV'; readonly priority: number; readonly weight: number; readonly port: number; readonly target: Name }
  | { readonly kind: 'HINFO'; readonly cpu: Uint8Array; readonly os: Uint8Array }
  | { readonly kind: 'NAPTR'; readonly order: number; readonly preference: number; readonly flags: Uint8Array; readonly services: Uint8Array; readonly regexp: Uint8Array; readonly replacement: Name }
  | { readonly kind: 'CAA'; readonly flags: number; readonly tag: string; readonly value: Uint8Array }
  | { readonly kind: 'DS' | 'CDS'; readonly keyTag: number; readonly algorithm: number; readonly digestType: number; readonly digest: Uint8Array }
  | { readonly kind: 'DNSKEY' | 'CDNSKEY'; readonly flags: number; readonly protocol: number; readonly algorithm: number; readonly publicKey: Uint8Array }
  | {
      readonly kind: 'RRSIG'; readonly typeCovered: number; readonly algorithm: number; readonly labels: number; readonly originalTtl: number;
      /** Seconds since 1970, 32 bits of them (RFC 4034 §3.1.5). */
      readonly expiration: number; readonly inception: number;
      readonly keyTag: number; readonly signer: Name; readonly signature: Uint8Array;
    }
  /** `types` are bit maps as on the wire; listTypes of type-bitmap.ts lists them. */
  | { readonly kind: 'NSEC'; readonly next: Name; readonly types: Uint8Array }
  | { readonly kind: 'NSEC3'; readonly hashAlgorithm: number; readonly flags: number; readonly iterations: number; readonly salt: Uint8Array; readonly nextHashedOwner: Uint8Array; readonly types: Uint8Array }
  | { readonly kind: 'NSEC3PARAM'; readonly hashAlgorithm: number; readonly flags: number; readonly iterations: number; readonly salt: Uint8Array }
  | { readonly kind: 'TLSA'; readonly usage: number; readonly selector: number; readonly matchingType: number; readonly certificate: Uint8Array }
  | { readonly kind: 'SSHFP'; readonly algorithm: number; readonly fingerprintType: number; readonly fingerprint: Uint8Array }
  | { readonly kind: 'SVCB' | 'HTTPS'; readonly priority: number; readonly target: Name; readonly params: readonly SvcParam[] }
  | { readonly kind: 'V'; readonly content: Name; readonly object: Uint8Array }
  | { readonly kind: 'unknown'; readonly octets: Uint8Array };

/** A parameter of a service binding (RFC 9460 §2.2); a record's are in ascending order of their keys. */
export interface SvcParam {
  readonly key: number;
  /** As on the wire; of a key known to svcb.ts, well formed. */
  readonly value: Uint8Array;
}

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

/** Several messages that answer one query, over TCP only (RFC 5936 §2.2); taken one by one as the client reads them. */
export interface DnsStream {
  readonly messages: Iterable<DnsMessage>;
}

/** Nothing is sent. */
export const SILENCE: DnsStream = { messages: [] };

/** As shared.ts makes it. */
export interface SharedMessage {
  /** Of the query it was made for; what belongs to one query in it means nothing. */
  readonly message: DnsMessage;
  /** For this query; undefined where that takes the message itself: to cut it, or for a query out of the ordinary. */
  octetsFor(query: DnsMessage, options: readonly EdnsOption[] | undefined, maxOctets: number): Uint8Array | undefined;
}

/** A message that others get as well. */
export interface DnsShared {
  readonly shared: SharedMessage;
  /** For the OPT, if the query has one. */
  readonly options: readonly EdnsOption[] | undefined;
}

export type DnsReply = DnsMessage | DnsStream | DnsShared;

/** Gives the answer as a value; the transport truncates, encodes and sends it. */
export interface DnsHandler {
  (query: DnsQuery, peer: Peer): Eventual<DnsReply>;
  /** RA is set in all of its answers, and in those to what never reaches it (RFC 1035 §4.1.1): recursion is offered here. */
  readonly recursive?: boolean;
}
