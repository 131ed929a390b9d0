// What the client is asked, what it tells while it works, and what it reports at the end.

import type { Clock } from '../base/clock.js';
import type { Random } from '../base/random.js';
import type { Endpoint } from '../net/address.js';
import type { DnsExchange } from '../net/dns/exchange.js';
import type { TransferClient } from '../net/http/client.js';
import type { HeaderFields } from '../net/http/message.js';
import type { SystemLookup } from '../net/lookup.js';

export interface FetchOptions {
  /** The local DNS: all that the client has to know. */
  readonly dns: Endpoint;
  /** Whether names that are neither hiscinema.com's nor herCDN's may be asked of the system's resolver when the local DNS refuses them or isn't there. */
  readonly systemResolver: boolean;
  /** No party may be silent for longer. */
  readonly timeoutMs: number;
  /** For a connection to be made; as `timeoutMs` unless told. */
  readonly connectTimeoutMs?: number | undefined;
  /** Of whoever took the connection, for an answer to begin or to go on; as `timeoutMs` unless told. */
  readonly silenceMs?: number | undefined;
  /** IPv4 alone, or IPv6. */
  readonly family?: 4 | 6 | undefined;
  /** The address of this machine to speak from. */
  readonly localAddress?: string | undefined;
  /** PEM of who may have signed certificates, in place of the system's. */
  readonly ca?: string | undefined;
  /** Any certificate will do. */
  readonly insecure?: boolean | undefined;
  /** Further fields of each request for content, names in lower case. */
  readonly fields?: HeaderFields | undefined;
  /** Addresses that need no DNS. */
  readonly resolveTo?: ((host: string, port: number) => readonly string[] | undefined) | undefined;
  /** Through whom to go to this URL; undefined: straight. */
  readonly proxyOf?: ((url: URL) => Proxy | undefined) | undefined;
  /** Connections serve one request after the other. */
  readonly reuse?: boolean | undefined;
}

export interface Proxy {
  readonly host: string;
  readonly port: number;
  /** The Proxy-Authorization field. */
  readonly authorization: string | undefined;
}

export interface FetchEnv {
  readonly clock: Clock;
  readonly random: Random;
  readonly http: TransferClient;
  readonly exchange: DnsExchange;
  readonly lookup: SystemLookup;
}

export type FetchOutput =
  /** A folder means: the object's file name inside it. A device or a pipe is written to as it is. */
  | { readonly kind: 'file'; readonly path: string }
  /** `write` resolves when it can take more. */
  | { readonly kind: 'stdout'; write(chunk: Uint8Array): Promise<void> }
  /** The object's file name in the current folder. */
  | { readonly kind: 'default' };

export interface FetchRequest {
  /** "hiscinema.com/File1", or an http or https URL. */
  readonly target: string;
  readonly type: 'A' | 'V';
  readonly output: FetchOutput;
  /** Replace a file that is there already. */
  readonly force: boolean;
  /** Tell the phases of each transfer and the octets, too. */
  readonly watched?: boolean;
  /** What an earlier run left is of no use. */
  readonly anew?: boolean | undefined;
  /** On the disk for good before it counts as done. */
  readonly fsync?: boolean | undefined;
  /** Go on with a file that is there already, whoever left it: at its end, or at this octet of it. */
  readonly continueAt?: 'end' | number | undefined;
  /** The part that is wanted; undefined: all. */
  readonly range?: RangeRequest | undefined;
  /** Connections at a time for this one object; 1 unless told. */
  readonly parallel?: number | undefined;
  /** The SHA-256 that it must have, in hexadecimal. */
  readonly sha256?: string | undefined;
  /** Rounds in which everybody is asked again; undefined: none before a byte came, six after. */
  readonly retries?: number | undefined;
  /** Before the first of them; the next waits twice as long, and so on. */
  readonly retryDelayMs?: number | undefined;
  readonly limitBytesPerSecond?: number | undefined;
  /** A store that is slower for so long is left. */
  readonly speedLimit?: { readonly bytesPerSecond: number; readonly ms: number } | undefined;
}

/** Part of a representation (RFC 9110 §14.1.1), both ends inclusive; `lastPos` undefined: to the end. */
export type RangeRequest = { readonly firstPos: number; readonly lastPos: number | undefined } | { readonly suffix: number };

/** Who sends or gets a message: "client", "portal", "local DNS", "authority of hiscinema.com", "store". */
export interface Party {
  readonly role: string;
  /** undefined when it can't be known: nothing was sent, or the system's resolver keeps it to itself. */
  readonly endpoint: Endpoint | undefined;
}

/**
 * How we know of a message: we sent or got it; the local DNS told us of it; it was not sent, because
 * nothing needed it; or it happens where we can't see.
 */
export type Sight = 'seen' | 'told' | 'not-sent' | 'not-visible';

export interface StoryMessage {
  /** 0-10: NETWORK's ten messages, and 0 for finding the portal. Several messages may share a number. */
  readonly number: number;
  /** Milliseconds since the fetch began. */
  readonly atMs: number;
  readonly sight: Sight;
  readonly from: Party;
  readonly to: Party;
  readonly transport: 'udp' | 'tcp' | 'http' | undefined;
  /** What is asked or answered, in one line; for what was not sent or isn't visible, why. */
  readonly what: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** A stretch of time and what it went for: a bar of the waterfall. */
export interface Phase {
  /** `wait`: from the request to the first byte of the answer. */
  readonly kind: 'dns' | 'connect' | 'wait' | 'transfer';
  /** What for: "A? file1.hiscinema.com", "GET /video1.mp4". */
  readonly label: string;
  /** Who was waited for. */
  readonly party: Party;
  /** `told`: by the local DNS, of its own asking; it lies within another phase. */
  readonly sight: 'seen' | 'told';
  readonly startMs: number;
  readonly endMs: number;
  /** Of a transfer. */
  readonly bytes?: number;
  /** Why it came to nothing. */
  readonly failed?: string;
}

/** Octets that went over the wire, for who wants to look at them: a whole DNS message, or a part of an HTTP one. */
export interface WireRecord {
  readonly atMs: number;
  readonly protocol: 'dns' | 'http' | 'https';
  readonly transport: 'udp' | 'tcp';
  /** HTTP parts of one connection share it. */
  readonly connection: number;
  readonly sender: 'client' | 'server';
  readonly client: Endpoint;
  readonly server: Endpoint;
  readonly part: 'connected' | 'message' | 'head' | 'body' | 'end';
  readonly octets: Uint8Array;
  /** So many octets belong here and were not kept. */
  readonly left?: number;
  /** `sent`: octet by octet as on the wire; `rebuilt`: from what they say. */
  readonly origin: 'sent' | 'rebuilt';
}

/** `atMs`, where a kind has it, is set in all that a caller hears: milliseconds since the fetch began. */
export type FetchEvent =
  /** First. `atWallMs` since 1970: what the offsets of all others count from. */
  | { readonly kind: 'begun'; readonly traceId: string; readonly spanId: string; readonly atWallMs: number }
  /** What is being waited for before bytes come: "asking local DNS 127.0.0.1:40722: A? file1.hiscinema.com". */
  | { readonly kind: 'doing'; readonly what: string }
  | { readonly kind: 'message'; readonly message: StoryMessage }
  | { readonly kind: 'phase'; readonly phase: Phase }
  | { readonly kind: 'wire'; readonly record: WireRecord }
  /** Bytes follow. `object` is what transcripts call it: "video1". */
  | { readonly kind: 'transfer'; readonly object: string; readonly totalBytes: number | undefined }
  /** So many of them are here already, from an earlier run. */
  | { readonly kind: 'resumed'; readonly bytes: number; readonly atMs?: number }
  /** Over this connection comes now this part; told again when it is drawn in. `lastPos` undefined: to the end, wherever that is. */
  | { readonly kind: 'range'; readonly lane: number; readonly firstPos: number; readonly lastPos: number | undefined; readonly from: Endpoint }
  /** So many bytes that somebody else left are gone on from, and nothing proves that they are of the version that comes. */
  | { readonly kind: 'unproven'; readonly bytes: number; readonly atMs?: number }
  /** Parts of this file lie beside it that nothing can go on from. */
  | { readonly kind: 'orphans'; readonly orphans: readonly { readonly file: string; readonly bytes: number }[] }
  /** This many more bytes have arrived and are written; `lane`: over which of the connections, counted from 0. */
  | { readonly kind: 'received'; readonly bytes: number; readonly lane: number; readonly from: Endpoint }
  /** A store was left; `keeps`: bytes are here, and stay. */
  | { readonly kind: 'failed-over'; readonly from: Endpoint; readonly why: string; readonly keeps: boolean; readonly atMs?: number }
  /** Nobody is left; all are asked again after a pause. */
  | { readonly kind: 'retry'; readonly inMs: number; readonly attempt: number; readonly of: number; readonly why: string; readonly atMs?: number }
  /** The bytes that were here are of no use: a `transfer` follows. */
  | { readonly kind: 'restarted'; readonly bytes: number; readonly why: string; readonly atMs?: number }
  /** The body ended with its connection, and neither a length nor a digest says that this was all. */
  | { readonly kind: 'unbounded' }
  | { readonly kind: 'verified'; readonly sha256: string }
  | { readonly kind: 'saved'; readonly file: string };

/** Everything `--json` prints. What strangers wrote is made printable: JSON lets through what moves a terminal. */
export interface FetchReport {
  readonly target: string;
  /** Where the content was in the end, after redirects. */
  readonly url: string;
  /** undefined when the bytes went to stdout. */
  readonly file: string | undefined;
  readonly bytes: number;
  /** How many of them an earlier run had brought. */
  readonly resumedBytes: number;
  /** Of the file, in hexadecimal; undefined when none was promised, and so none computed. */
  readonly sha256: string | undefined;
  /** Whether the store promised a SHA-256, and the bytes are the promised ones. A promise nobody can read is not checked, nor can a part be by one that is `of the whole`. */
  readonly digest: 'verified' | 'not promised' | 'unreadable' | 'of the whole';
  readonly store: { readonly address: string; readonly port: number; readonly server: string | undefined };
  /** Everybody who sent a part of it, and how much. */
  readonly stores: readonly { readonly address: string; readonly port: number; readonly bytes: number }[];
  readonly redirects: number;
  readonly status: number;
  readonly etag: string | undefined;
  readonly contentType: string | undefined;
  /** All of it, DNS and portal too; and of that, from the head of the first answer with content to its last byte, in which the rate is. */
  readonly durationMs: number;
  readonly transferMs: number;
  /** Of what came in this run. */
  readonly rateBytesPerSecond: number;
  readonly traceId: string;
  readonly messages: readonly StoryMessage[];
}

export type OpenResult =
  | { readonly kind: 'unchanged' }
  | {
      readonly kind: 'content';
      readonly length: number | undefined;
      readonly etag: string | undefined;
      readonly lastModifiedMs: number | undefined;
      readonly contentType: string;
      /** Promised by the store, not yet checked. */
      readonly sha256: Uint8Array | undefined;
      readonly from: Endpoint;
      /** Throws INCOMPLETE when it ends before `length`. */
      readonly body: AsyncIterable<Uint8Array>;
    };

export interface Fetcher {
  /** Brings one object, whole and verified, or throws a CdnError; a file never wears its final name before. */
  fetch(request: FetchRequest, onEvent: (event: FetchEvent) => void, signal: AbortSignal): Promise<FetchReport>;
  /** The same URL with the address that DNS gives for its host. */
  locate(url: URL, signal: AbortSignal): Promise<URL>;
  /** The port in the SRV record of `_http._tcp.<contentName>`; undefined when DNS has none. */
  servicePort(contentName: string, signal: AbortSignal): Promise<number | undefined>;
  /** The object's bytes as they come; `unchanged` when the store still has the representation known by that ETag. */
  open(url: URL, known: { readonly etag: string } | undefined, signal: AbortSignal): Promise<OpenResult>;
}
