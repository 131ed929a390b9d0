// The names and records of a zone as octets in one block, found by a hash of the name: a million of them
// are a few arrays, and nothing for a collector of garbage to walk through. They become values when asked for.

import { CLASS, TYPE, type ResourceRecord } from '../net/dns/message.js';
import { hashKey, Name } from '../net/dns/name.js';
import type { OrdinaryQuery } from '../net/dns/ordinary.js';
import { decodeRData, encodeRData } from '../net/dns/rdata.js';
import { Reader } from '../net/dns/reader.js';
import { MAX_MESSAGE_OCTETS, Writer } from '../net/dns/writer.js';
import type { SelectRecords } from './select.js';
import { NodeDraft, type Position, type SourcedRecord } from './zone-draft.js';
import { RRsets, type RRset, type ZoneNode, type ZoneNodes } from './zone.js';

/** A record in the block: where the next of its name is, type, TTL, line, column, file, length; its data behind. */
const FIELD = { next: 0, type: 4, ttl: 6, line: 10, column: 14, file: 18, length: 20, data: 22 } as const;
/** What is known of a name without looking at its records. */
const HAS_NS = 1;
/** Its records have rules between them, or to others, that are to be checked. */
const HAS_RULES = 2;
const RULED: ReadonlySet<number> = new Set<number>([TYPE.CNAME, TYPE.SOA, TYPE.NS, TYPE.DNAME, TYPE.MX, TYPE.SRV]);
const NONE = -1;

/** A record where it lies. */
export interface StoredRecord {
  readonly type: number;
  readonly ttl: number;
  /** Of its data, within `octets`. */
  readonly start: number;
  readonly end: number;
}

export class ZoneStore implements ZoneNodes {
  readonly #apex: Name;
  #octets = new Uint8Array(4096);
  #view = new DataView(this.#octets.buffer);
  /** Nothing begins at 0. */
  #end = 1;
  #count = 0;
  /** By number of the node: where its name is, its first and its last record. */
  #names = new Uint32Array(64);
  #firsts = new Uint32Array(64);
  #lasts = new Uint32Array(64);
  #flags = new Uint8Array(64);
  #hashes = new Int32Array(64);
  /** Numbers of nodes, plus one, by hash; at most half of it is full. */
  #slots = new Int32Array(128);
  readonly #files: (string | undefined)[] = [undefined];
  readonly #selects = new Map<number, SelectRecords>();
  #lastParent = '';
  #hasCuts = false;
  #hasRedirections = false;

  constructor(apex: Name) {
    this.#apex = apex;
  }

  get size(): number {
    return this.#count;
  }

  /** Whether what is asked for at a name may be decided by a name above it. */
  get hasDelegations(): boolean {
    return this.#hasCuts || this.#hasRedirections;
  }

  get hasRedirections(): boolean {
    return this.#hasRedirections;
  }

  /** Whether records are chosen anywhere. */
  get hasChoices(): boolean {
    return this.#selects.size > 0;
  }

  /** The octets that a StoredRecord is about. Never written to once the zone is built. */
  get octets(): Uint8Array {
    return this.#octets;
  }

  // Building

  /** The node of this name, and those between it and the apex (RFC 8020 §2: they exist), made where they aren't there. */
  nodeAt(name: Name): number {
    const { key } = name;
    const hash = hashKey(key);
    const known = this.#find(key, hash);
    if (known !== NONE) return known;
    const node = this.#create(name, hash);
    if (key.length > this.#apex.wire.length) this.#addParent(name);
    return node;
  }

  /** Most names have brothers, and so a parent that is there already. */
  #addParent(name: Name): void {
    const above = name.key.slice(1 + name.key.charCodeAt(0));
    if (above === this.#lastParent) return;
    this.#lastParent = above;
    const parent = name.parent();
    if (parent) this.nodeAt(parent);
  }

  #create(name: Name, hash: number): number {
    if (this.#count === this.#names.length) this.#growNodes();
    const node = this.#count++;
    this.#reserve(name.wire.length + 1);
    this.#names[node] = this.#end;
    this.#octets[this.#end] = name.wire.length;
    this.#octets.set(name.wire, this.#end + 1);
    this.#end += name.wire.length + 1;
    this.#hashes[node] = hash;
    this.#link(node);
    return node;
  }

  #link(node: number): void {
    const mask = this.#slots.length - 1;
    let slot = (this.#hashes[node] as number) & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = node + 1;
  }

  #growNodes(): void {
    const larger = <T extends Uint32Array | Uint8Array | Int32Array>(array: T, made: T): T => {
      made.set(array);
      return made;
    };
    const size = 2 * this.#names.length;
    this.#names = larger(this.#names, new Uint32Array(size));
    this.#firsts = larger(this.#firsts, new Uint32Array(size));
    this.#lasts = larger(this.#lasts, new Uint32Array(size));
    this.#flags = larger(this.#flags, new Uint8Array(size));
    this.#hashes = larger(this.#hashes, new Int32Array(size));
    this.#slots = new Int32Array(2 * size);
    for (let node = 0; node < this.#count; node += 1) this.#link(node);
  }

  #reserve(count: number): void {
    if (this.#end + count <= this.#octets.length) return;
    const larger = new Uint8Array(Math.max(2 * this.#octets.length, this.#end + count));
    larger.set(this.#octets);
    this.#octets = larger;
    this.#view = new DataView(larger.buffer);
  }

  /** Behind the other records of its node. */
  append(node: number, { record: { type, ttl, data }, at }: SourcedRecord): void {
    const writer = new Writer(MAX_MESSAGE_OCTETS, 'plain');
    encodeRData(type, data, writer);
    const octets = writer.finish();
    this.#reserve(FIELD.data + octets.length);
    const start = this.#end;
    const view = this.#view;
    view.setUint16(start + FIELD.type, type);
    view.setUint32(start + FIELD.ttl, ttl);
    view.setUint32(start + FIELD.line, at?.line ?? 0);
    view.setUint32(start + FIELD.column, at?.column ?? 0);
    view.setUint16(start + FIELD.file, this.#numberOfFile(at?.file));
    view.setUint16(start + FIELD.length, octets.length);
    this.#octets.set(octets, start + FIELD.data);
    this.#end = start + FIELD.data + octets.length;
    const last = this.#lasts[node] as number;
    if (last === 0) this.#firsts[node] = start;
    else view.setUint32(last + FIELD.next, start);
    this.#lasts[node] = start;
    if (RULED.has(type)) this.#noteRuled(node, type);
  }

  #noteRuled(node: number, type: number): void {
    const isApex = (this.#octets[this.#names[node] as number] as number) === this.#apex.wire.length;
    if (type === TYPE.NS && !isApex) {
      this.#flags[node] = (this.#flags[node] as number) | HAS_NS;
      this.#hasCuts = true;
    }
    this.#hasRedirections ||= type === TYPE.DNAME;
    this.noteRules(node);
  }

  /** This node is to be looked at when the zone is checked. */
  noteRules(node: number): void {
    this.#flags[node] = (this.#flags[node] as number) | HAS_RULES;
  }

  #numberOfFile(file: string | undefined): number {
    if (file === undefined) return 0;
    const known = this.#files.lastIndexOf(file);
    return known >= 0 ? known : this.#files.push(file) - 1;
  }

  /** Of this node's records of this type each answer gives a selection. */
  choose(node: number, type: number, select: SelectRecords): void {
    this.#selects.set(node * 0x1_0000 + type, select);
  }

  isEmpty(node: number): boolean {
    return this.#firsts[node] === 0;
  }

  hasRules(node: number): boolean {
    return ((this.#flags[node] as number) & HAS_RULES) !== 0;
  }

  /** With the places where its records stand. */
  draftOf(node: number): NodeDraft {
    const draft = new NodeDraft(this.nameOf(node));
    for (let at = this.#firsts[node] as number; at !== 0; at = this.#view.getUint32(at + FIELD.next)) {
      const record = this.#recordAt(at, draft.name);
      const line = this.#view.getUint32(at + FIELD.line);
      const file = this.#files[this.#view.getUint16(at + FIELD.file)];
      const place: Position | undefined = line === 0 ? undefined : { ...(file !== undefined && { file }), line, column: this.#view.getUint32(at + FIELD.column) };
      const set = draft.find(record.type);
      if (set) set.push({ record, at: place });
      else draft.sets.push({ type: record.type, records: [{ record, at: place }] });
    }
    return draft;
  }

  // Reading

  #find(key: string, hash: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const node = (this.#slots[slot] as number) - 1;
      if (node === NONE) return NONE;
      if (this.#hashes[node] === hash && this.#isNamed(node, key)) return node;
    }
  }

  #isNamed(node: number, key: string): boolean {
    const at = this.#names[node] as number;
    const length = this.#octets[at] as number;
    if (length !== key.length) return false;
    for (let index = 0; index < length; index += 1) if (LOWER[this.#octets[at + 1 + index] as number] !== key.charCodeAt(index)) return false;
    return true;
  }

  /** The node of the name that is asked for; -1: there is none. */
  findAsked(query: OrdinaryQuery): number {
    const mask = this.#slots.length - 1;
    for (let slot = query.nameHash & mask; ; slot = (slot + 1) & mask) {
      const node = (this.#slots[slot] as number) - 1;
      if (node === NONE) return NONE;
      if (this.#hashes[node] !== query.nameHash) continue;
      const at = this.#names[node] as number;
      if (query.asksFor(this.#octets, at + 1, this.#octets[at] as number)) return node;
    }
  }

  /** Where the records of this type lie, in their order; undefined: there are none, or too many to be `most`. */
  locate(node: number, type: number, most: number): readonly StoredRecord[] | undefined {
    const found: StoredRecord[] = [];
    for (let at = this.#firsts[node] as number; at !== 0; at = this.#view.getUint32(at + FIELD.next)) {
      if (this.#view.getUint16(at + FIELD.type) !== type) continue;
      if (found.length === most) return undefined;
      const start = at + FIELD.data;
      found.push({ type, ttl: this.#view.getUint32(at + FIELD.ttl), start, end: start + this.#view.getUint16(at + FIELD.length) });
    }
    return found.length === 0 ? undefined : found;
  }

  nameOf(node: number): Name {
    const at = this.#names[node] as number;
    return new Name(this.#octets.slice(at + 1, at + 1 + (this.#octets[at] as number)));
  }

  #recordAt(at: number, name: Name): ResourceRecord {
    const type = this.#view.getUint16(at + FIELD.type);
    const start = at + FIELD.data;
    const reader = new Reader(this.#octets, start);
    reader.limit = start + this.#view.getUint16(at + FIELD.length);
    return { name, type, class: CLASS.IN, ttl: this.#view.getUint32(at + FIELD.ttl), data: decodeRData(type, CLASS.IN, reader) };
  }

  get(key: string): ZoneNode | undefined {
    const node = this.#find(key, hashKey(key));
    return node === NONE ? undefined : this.#nodeOf(node);
  }

  has(key: string, type: number): boolean {
    const node = this.#find(key, hashKey(key));
    return node !== NONE && this.locate(node, type, 0xffff) !== undefined;
  }

  *values(): Generator<ZoneNode> {
    for (let node = 0; node < this.#count; node += 1) yield this.#nodeOf(node);
  }

  #nodeOf(node: number): ZoneNode {
    const name = this.nameOf(node);
    return new StoredNode(name, () => this.#rrsetsOf(node, name), this.#hasCuts ? this.#cutAbove(name) : undefined);
  }

  #rrsetsOf(node: number, name: Name): RRsets {
    const sets = new Map<number, ResourceRecord[]>();
    for (let at = this.#firsts[node] as number; at !== 0; at = this.#view.getUint32(at + FIELD.next)) {
      const record = this.#recordAt(at, name);
      const set = sets.get(record.type);
      if (set) set.push(record);
      else sets.set(record.type, [record]);
    }
    return new RRsets(Array.from(sets, ([type, records]): RRset => asSet(name, type, records, this.#selects.get(node * 0x1_0000 + type))));
  }

  /** RFC 1034 §4.2.1: authority ends at the uppermost cut on the way down to the name. */
  #cutAbove(name: Name): RRset | undefined {
    let uppermost = NONE;
    for (let at: Name | undefined = name; at && at.wire.length > this.#apex.wire.length; at = at.parent()) {
      const node = this.#find(at.key, hashKey(at.key));
      if (node !== NONE && ((this.#flags[node] as number) & HAS_NS) !== 0) uppermost = node;
    }
    return uppermost === NONE ? undefined : this.#rrsetsOf(uppermost, this.nameOf(uppermost)).get(TYPE.NS);
  }
}

const LOWER = Uint8Array.from({ length: 256 }, (_, octet) => (octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet));

/** RFC 2181 §5.2: one RRset, one TTL, the least; but signatures of one name are no RRset (RFC 4034 §3). */
function asSet(name: Name, type: number, records: readonly ResourceRecord[], select: SelectRecords | undefined): RRset {
  const [first] = records;
  if (type === TYPE.RRSIG) return { name, type, ttl: first?.ttl ?? 0, records, select };
  const ttl = records.reduce((least, record) => Math.min(least, record.ttl), Infinity);
  return { name, type, ttl, records: records.map((record) => (record.ttl === ttl ? record : { ...record, ttl })), select };
}

/** Its RRsets are read when somebody looks at them. */
class StoredNode implements ZoneNode {
  readonly name: Name;
  readonly cut: RRset | undefined;
  readonly #read: () => RRsets;
  #rrsets: RRsets | undefined;

  constructor(name: Name, read: () => RRsets, cut: RRset | undefined) {
    this.name = name;
    this.cut = cut;
    this.#read = read;
  }

  get rrsets(): RRsets {
    return (this.#rrsets ??= this.#read());
  }
}
