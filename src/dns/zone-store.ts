// The names and records of a zone as octets in one block, found by a hash of the name: a million of them
// are a few arrays, and nothing for a collector of garbage to walk through. They become values when asked
// for. What one answer takes lies together, for memory is slow: a slot has the hash beside the place, and
// a name stands between its head and its first record.

import { CLASS, TYPE, type ResourceRecord } from '../net/dns/message.js';
import { hashKey, LOWER, Name } from '../net/dns/name.js';
import type { OrdinaryQuery } from '../net/dns/ordinary.js';
import { decodeRData, encodeRData } from '../net/dns/rdata.js';
import { Reader } from '../net/dns/reader.js';
import { MAX_MESSAGE_OCTETS, Writer } from '../net/dns/writer.js';
import type { SelectRecords } from './select.js';
import { NodeDraft, type Position, type SourcedRecord } from './zone-draft.js';
import { RRsets, type RRset, type ZoneNode, type ZoneNodes } from './zone.js';

/** A name in the block: where its first and its last record are, what is known of it, its length; the name behind. */
const NODE = { first: 0, last: 4, flags: 8, length: 9, name: 10 } as const;
/** A record in the block: where the next of its name is, type, TTL, line, column, file, length; its data behind. */
const FIELD = { next: 0, type: 4, ttl: 6, line: 10, column: 14, file: 18, length: 20, data: 22 } as const;
/** What is known of a name without looking at its records. */
const HAS_NS = 1;
/** Its records have rules between them, or to others, that are to be checked. */
const HAS_RULES = 2;
const RULED: ReadonlySet<number> = new Set<number>([TYPE.CNAME, TYPE.SOA, TYPE.NS, TYPE.DNAME, TYPE.MX, TYPE.SRV]);
const NONE = 0;
/** Of a slot: the hash of a name, and its place. */
const SLOT = 2;

/** A store as plain data. */
export interface PackedStore {
  /** As on the wire. */
  readonly apex: Uint8Array;
  readonly octets: Uint8Array;
  readonly nodes: Uint32Array;
  readonly slots: Int32Array;
  readonly hasCuts: boolean;
  readonly hasRedirections: boolean;
}

export class ZoneStore implements ZoneNodes {
  readonly #apex: Name;
  #octets: Uint8Array = new Uint8Array(4096);
  #view: DataView = new DataView(this.#octets.buffer);
  /** Nothing begins at 0. */
  #end = 1;
  #count = 0;
  /** Their places, in the order they came in. */
  #nodes: Uint32Array = new Uint32Array(64);
  /** By hash; at most half of them are taken. */
  #slots: Int32Array = new Int32Array(SLOT * 128);
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

  /** A node is known by its place; `index` counts from 0. */
  nodeNumber(index: number): number {
    return this.#nodes[index] as number;
  }

  /** What it consists of, for another process; the arrays stay its own. Choices are no part of it. */
  pack(): PackedStore {
    return { apex: this.#apex.wire, octets: this.#octets.subarray(0, this.#end), nodes: this.#nodes.subarray(0, this.#count), slots: this.#slots, hasCuts: this.#hasCuts, hasRedirections: this.#hasRedirections };
  }

  /** The same store, to read from. */
  static unpack({ apex, octets, nodes, slots, hasCuts, hasRedirections }: PackedStore): ZoneStore {
    const store = new ZoneStore(new Name(apex));
    store.#octets = octets;
    store.#view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
    store.#end = octets.length;
    store.#nodes = nodes;
    store.#count = nodes.length;
    store.#slots = slots;
    store.#hasCuts = hasCuts;
    store.#hasRedirections = hasRedirections;
    return store;
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
    if (this.#count === this.#nodes.length) this.#growNodes();
    this.#reserve(NODE.name + name.wire.length);
    const node = this.#end;
    this.#nodes[this.#count++] = node;
    this.#octets[node + NODE.length] = name.wire.length;
    this.#octets.set(name.wire, node + NODE.name);
    this.#end = node + NODE.name + name.wire.length;
    link(this.#slots, hash, node);
    return node;
  }

  #growNodes(): void {
    const nodes = new Uint32Array(2 * this.#nodes.length);
    nodes.set(this.#nodes);
    this.#nodes = nodes;
    const before = this.#slots;
    this.#slots = new Int32Array(2 * before.length);
    for (let slot = 0; slot < before.length; slot += SLOT) if (before[slot + 1] !== NONE) link(this.#slots, before[slot] as number, before[slot + 1] as number);
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
    const last = view.getUint32(node + NODE.last);
    view.setUint32(last === 0 ? node + NODE.first : last + FIELD.next, start);
    view.setUint32(node + NODE.last, start);
    if (RULED.has(type)) this.#noteRuled(node, type);
  }

  #noteRuled(node: number, type: number): void {
    const isApex = this.#octets[node + NODE.length] === this.#apex.wire.length;
    if (type === TYPE.NS && !isApex) {
      this.#flag(node, HAS_NS);
      this.#hasCuts = true;
    }
    this.#hasRedirections ||= type === TYPE.DNAME;
    this.noteRules(node);
  }

  /** This node is to be looked at when the zone is checked. */
  noteRules(node: number): void {
    this.#flag(node, HAS_RULES);
  }

  #flag(node: number, flag: number): void {
    this.#octets[node + NODE.flags] = (this.#octets[node + NODE.flags] as number) | flag;
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
    return this.first(node) === NONE;
  }

  hasRules(node: number): boolean {
    return ((this.#octets[node + NODE.flags] as number) & HAS_RULES) !== 0;
  }

  /** With the places where its records stand. */
  draftOf(node: number): NodeDraft {
    const draft = new NodeDraft(this.nameOf(node));
    for (let at = this.first(node); at !== NONE; at = this.next(at)) {
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
    const slots = this.#slots;
    for (let slot = slotOf(slots, hash); ; slot = nextSlot(slots, slot)) {
      const node = (slots[slot + 1] as number) >>> 0;
      if (node === NONE || (slots[slot] === hash && this.#isNamed(node, key))) return node;
    }
  }

  #isNamed(node: number, key: string): boolean {
    const octets = this.#octets;
    if (octets[node + NODE.length] !== key.length) return false;
    const at = node + NODE.name;
    for (let index = 0; index < key.length; index += 1) if (LOWER[octets[at + index] as number] !== key.charCodeAt(index)) return false;
    return true;
  }

  /** The node of the name that is asked for; 0: there is none. */
  findAsked(query: OrdinaryQuery): number {
    const slots = this.#slots;
    const { nameHash } = query;
    for (let slot = slotOf(slots, nameHash); ; slot = nextSlot(slots, slot)) {
      const node = (slots[slot + 1] as number) >>> 0;
      if (node === NONE || (slots[slot] === nameHash && query.asksFor(this.#octets, node + NODE.name, this.#octets[node + NODE.length] as number))) return node;
    }
  }

  /** The place of a node's first record; 0: it has none. */
  first(node: number): number {
    return this.#view.getUint32(node + NODE.first);
  }

  /** Of the next record of the same name; 0: there is none. */
  next(record: number): number {
    return this.#view.getUint32(record + FIELD.next);
  }

  typeOf(record: number): number {
    return this.#view.getUint16(record + FIELD.type);
  }

  ttlOf(record: number): number {
    return this.#view.getUint32(record + FIELD.ttl);
  }

  /** How many octets of data it has. */
  lengthOf(record: number): number {
    return this.#view.getUint16(record + FIELD.length);
  }

  /** Its data as on the wire, names uncompressed; gives where they end. */
  copyData(record: number, target: Uint8Array, at: number): number {
    const octets = this.#octets;
    const start = record + FIELD.data;
    const length = this.lengthOf(record);
    for (let index = 0; index < length; index += 1) target[at + index] = octets[start + index] as number;
    return at + length;
  }

  nameOf(node: number): Name {
    const at = node + NODE.name;
    return new Name(this.#octets.slice(at, at + (this.#octets[node + NODE.length] as number)));
  }

  #recordAt(at: number, name: Name): ResourceRecord {
    const type = this.typeOf(at);
    const start = at + FIELD.data;
    const reader = new Reader(this.#octets, start);
    reader.limit = start + this.lengthOf(at);
    return { name, type, class: CLASS.IN, ttl: this.ttlOf(at), data: decodeRData(type, CLASS.IN, reader) };
  }

  get(key: string): ZoneNode | undefined {
    const node = this.#find(key, hashKey(key));
    return node === NONE ? undefined : this.#nodeOf(node);
  }

  has(key: string, type: number): boolean {
    const node = this.#find(key, hashKey(key));
    return node !== NONE && this.hasType(node, type);
  }

  hasType(node: number, type: number): boolean {
    for (let at = this.first(node); at !== NONE; at = this.next(at)) if (this.typeOf(at) === type) return true;
    return false;
  }

  *values(): Generator<ZoneNode> {
    for (let index = 0; index < this.#count; index += 1) yield this.#nodeOf(this.nodeNumber(index));
  }

  #nodeOf(node: number): ZoneNode {
    const name = this.nameOf(node);
    return new StoredNode(name, () => this.#rrsetsOf(node, name), this.#hasCuts ? this.#cutAbove(name) : undefined);
  }

  #rrsetsOf(node: number, name: Name): RRsets {
    const sets = new Map<number, ResourceRecord[]>();
    for (let at = this.first(node); at !== NONE; at = this.next(at)) {
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
      if (node !== NONE && ((this.#octets[node + NODE.flags] as number) & HAS_NS) !== 0) uppermost = node;
    }
    return uppermost === NONE ? undefined : this.#rrsetsOf(uppermost, this.nameOf(uppermost)).get(TYPE.NS);
  }
}

function slotOf(slots: Int32Array, hash: number): number {
  return (hash << 1) & (slots.length - 1);
}

function nextSlot(slots: Int32Array, slot: number): number {
  return (slot + SLOT) & (slots.length - 1);
}

function link(slots: Int32Array, hash: number, node: number): void {
  let slot = slotOf(slots, hash);
  while (slots[slot + 1] !== NONE) slot = nextSlot(slots, slot);
  slots[slot] = hash;
  slots[slot + 1] = node;
}

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
