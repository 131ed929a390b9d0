// Master files (RFC 1035 §5, RFC 2308 §4, RFC 3597 §5) -> zones. Reads on after a mistake, so that all
// of them are told at once.

import path from 'node:path';
import { messageOf } from '../base/errors.js';
import { CLASS, TYPE, type RData } from '../net/dns/message.js';
import { Name } from '../net/dns/name.js';
import { parseDomain, parseRData, parseSeconds, parseType } from '../net/dns/text.js';
import { createZoneBuilder, type ZoneBuild, type ZoneBuilder } from './zone-build.js';
import type { Position, SourcedRecord, ZoneProblem } from './zone-draft.js';
import { parseGenerate } from './zone-generate.js';
import { finish, STEP, type Steps } from './zone-steps.js';
import { readEntries, type Token } from './zone-tokens.js';

/** A name that later lines build on: `broken` when it was complained about already. */
type Anchor = Name | 'none' | 'broken';

/** What lines before mean for lines after. */
interface State {
  origin: Anchor;
  owner: Anchor;
  /** $TTL (RFC 2308 §4). */
  defaultTtl: number | undefined;
  lastTtl: number | undefined;
}

/** A mistake in the file; caught where the next entry begins, never by anybody else. */
class Complaint extends Error {
  readonly at: Position;

  constructor(at: Position, message: string) {
    super(message);
    this.at = { line: at.line, column: at.column };
  }
}

/** The entry leans on a line that was complained about: no word more about it. */
class Skipped extends Error {}

/** Where a file is read from for `$INCLUDE`: one octet a character; throws what the system says. */
export type ReadInclude = (file: string) => string;

export interface MasterFile {
  /** One octet a character. */
  readonly text: string;
  /** What included files' names are relative to; absent with `read`: nothing can be included. */
  readonly file?: string;
  readonly read?: ReadInclude;
}

/** A zone from the text of a master file. Its apex is the owner of its SOA record. */
export function parseZone(text: string): ZoneBuild {
  return finish(parseZoneInSteps({ text }));
}

/** Included files within included files, at most. */
const MAX_DEPTH = 16;

/** What one reading of a zone knows, its included files too. */
interface Reading {
  readonly source: MasterFile;
  /** Those before the SOA record, which says what zone it is. */
  readonly early: SourcedRecord[];
  builder: ZoneBuilder | undefined;
  readonly problems: ZoneProblem[];
  /** The files being read, the outermost first. */
  readonly open: string[];
}

/** The same a few hundred records at a time, so that whoever runs it can do something else in between. */
export function* parseZoneInSteps(source: MasterFile): Steps<ZoneBuild> {
  const reading: Reading = { source, early: [], builder: undefined, problems: [], open: source.file === undefined ? [] : [source.file] };
  yield* readText(reading, source.text, { origin: 'none', owner: 'none', defaultTtl: undefined, lastTtl: undefined }, undefined);
  const { builder, problems } = reading;
  if (!builder) {
    // Behind a line that can't be read the SOA record may well be.
    if (problems.length === 0) problems.push({ at: undefined, text: 'no SOA record: its owner would be the name of the zone (RFC 1035 §5.2)' });
    return { kind: 'invalid', problems };
  }
  const built = yield* builder.finish({});
  if (built.kind === 'zone' && problems.length === 0) return built;
  return { kind: 'invalid', problems: built.kind === 'zone' ? problems : [...problems, ...built.problems] };
}

function keep(reading: Reading, sourced: SourcedRecord): void {
  if (reading.builder) reading.builder.add(sourced);
  else if (sourced.record.type !== TYPE.SOA) reading.early.push(sourced);
  else {
    const builder = createZoneBuilder(sourced.record.name);
    for (const early of [...reading.early.splice(0), sourced]) builder.add(early);
    reading.builder = builder;
  }
}

/** `file`: what positions are told to be in; absent for the zone's own file. */
function* readText(reading: Reading, text: string, state: State, file: string | undefined): Steps<void> {
  let count = 0;
  for (const entry of readEntries(text)) {
    if (++count % STEP === 0) yield;
    if (entry.kind === 'problem') {
      reading.problems.push({ ...entry.problem, at: entry.problem.at && within(entry.problem.at, file) });
      continue;
    }
    try {
      const [first] = entry.tokens as readonly [Token, ...Token[]];
      if (!entry.indented && !first.quoted && first.text.startsWith('$')) yield* readDirective(reading, state, first, entry.tokens.slice(1), file);
      else keep(reading, readEntry(state, entry.tokens, entry.indented, file));
    } catch (error) {
      if (error instanceof Complaint) reading.problems.push({ at: within(error.at, file), text: error.message });
      else if (!(error instanceof Skipped)) throw error;
    }
  }
}

function within({ line, column }: Position, file: string | undefined): Position {
  return file === undefined ? { line, column } : { file, line, column };
}

function readEntry(state: State, tokens: readonly Token[], indented: boolean, file: string | undefined): SourcedRecord {
  const first = tokens[0] as Token;
  if (!indented) {
    state.owner = 'broken';
    state.owner = readName(state, first);
  }
  if (state.owner === 'broken') throw new Skipped();
  if (state.owner === 'none') throw new Complaint(first, 'the line begins with white space, so it has the owner of the record before, and there is none');
  return readRecord(state, state.owner, first, tokens, indented ? 0 : 1, file);
}

/** A directive changes the state; two of them give records as well. */
function* readDirective(reading: Reading, state: State, directive: Token, args: readonly Token[], file: string | undefined): Steps<void> {
  const word = directive.text.toUpperCase();
  if (word === '$INCLUDE') return yield* readInclude(reading, state, directive, args, file);
  if (word === '$GENERATE') return yield* readGenerate(reading, state, directive, args, file);
  if (word !== '$ORIGIN' && word !== '$TTL') throw new Complaint(directive, `${show(directive)} is no directive: there are $ORIGIN, $TTL, $INCLUDE and $GENERATE`);
  const [argument, excess] = args;
  const previous = state.origin;
  // What the lines below are relative to is unknown until this one is read.
  if (word === '$ORIGIN') state.origin = 'broken';
  if (!argument) throw new Complaint(directive, `${word} needs ${word === '$TTL' ? 'a time' : 'a name'} behind it`);
  if (word === '$TTL') state.defaultTtl = readTtl(argument);
  else state.origin = readName({ ...state, origin: previous }, argument);
  if (excess) throw new Complaint(excess, `nothing was expected after ${word} ${show(argument)}, got ${show(excess)}`);
}

/** RFC 1035 §5.1: $INCLUDE file [origin]; whatever origin and owner the file ends with, ours stay. */
function* readInclude(reading: Reading, state: State, directive: Token, [name, originToken, excess]: readonly Token[], file: string | undefined): Steps<void> {
  if (!name) throw new Complaint(directive, '$INCLUDE needs the name of a file behind it');
  if (excess) throw new Complaint(excess, `nothing was expected after $INCLUDE ${show(name)} ${show(originToken ?? name)}, got ${show(excess)}`);
  const { read, file: outermost } = reading.source;
  if (!read || outermost === undefined) throw new Complaint(name, 'nothing can be included here');
  const origin = originToken ? readName(state, originToken) : state.origin;
  const wanted = path.resolve(path.dirname(file ?? outermost), unescape(name));
  if (reading.open.includes(wanted)) throw new Complaint(name, `${show(name)} is being read already: a file can't include itself`);
  if (reading.open.length > MAX_DEPTH) throw new Complaint(name, `more than ${MAX_DEPTH} files within one another`);
  let text: string;
  try {
    text = read(wanted);
  } catch (error) {
    throw new Complaint(name, `cannot read ${show(name)}: ${messageOf(error)}`);
  }
  reading.open.push(wanted);
  const inner: State = { ...state, origin };
  yield* readText(reading, text, inner, wanted);
  reading.open.pop();
  state.defaultTtl = inner.defaultTtl;
  state.lastTtl = inner.lastTtl;
}

/** A file's name as it was typed: an escape in it stands for its octet, UTF-8 for itself. */
function unescape(token: Token): string {
  const octets = token.text.replace(/\\(\d{3}|.)/g, (_, escaped: string) => (escaped.length === 3 ? String.fromCharCode(Number(escaped) & 0xff) : escaped));
  return Buffer.from(octets, 'latin1').toString('utf8');
}

/** BIND's own, and widely used: a template of an entry, once for each number of a range. */
function* readGenerate(reading: Reading, state: State, directive: Token, args: readonly Token[], file: string | undefined): Steps<void> {
  const generated = parseGenerate(directive, args);
  if (generated.kind === 'problem') throw new Complaint(generated.at, generated.text);
  // The directive has no owner of its own: a line that begins with white space goes on from the last one before it.
  const owner = state.owner;
  let count = 0;
  for (const tokens of generated.entries) {
    if (++count % STEP === 0) yield;
    keep(reading, readEntry(state, tokens, false, file));
  }
  state.owner = owner;
}

/** RFC 1035 §5.1: [TTL] [class] type RDATA, or [class] [TTL] type RDATA. */
function readRecord(state: State, owner: Name, start: Token, tokens: readonly Token[], from: number, file: string | undefined): SourcedRecord {
  let ttl: number | undefined;
  let classSeen = false;
  let index = from;
  for (; index < from + 2; index += 1) {
    const token = tokens[index];
    if (!token || token.quoted) break;
    if (!classSeen && readClass(token)) classSeen = true;
    // No type begins with a digit.
    else if (ttl === undefined && /^\d/.test(token.text)) ttl = readTtl(token);
    else break;
  }
  const word = tokens[index];
  if (!word) throw new Complaint(tokens.at(-1) ?? start, 'the entry ends where a type such as A or CNAME must stand');
  const type = word.quoted ? undefined : parseType(word.text);
  if (type === undefined) throw new Complaint(word, `${show(word)} is no type known here: write it as TYPEn, its data as \\# LENGTH HEX (RFC 3597 §5)`);

  // What a server's own configuration would say: the zone's name is what relative names end in.
  if (state.origin === 'none' && type === TYPE.SOA) state.origin = owner;
  const origin = originOf(state, word);
  const fields = tokens.slice(index + 1);
  const parsed = parseRData(type, fields, origin);
  if (parsed.kind === 'error') {
    const wrong = fields[parsed.index];
    throw new Complaint(wrong ?? fields.at(-1) ?? word, wrong ? `${parsed.why}, got ${show(wrong)}` : `${parsed.why}, and the entry ends`);
  }
  const at = within(start, file);
  return { record: { name: owner, type, class: CLASS.IN, ttl: ttlOf(state, ttl, parsed.data, word), data: parsed.data }, at };
}

/** Whether this is the class IN; any other class is a complaint. */
function readClass(token: Token): boolean {
  const text = token.text.toUpperCase();
  if (text === 'IN' || text === `CLASS${CLASS.IN}`) return true;
  if (/^(CH|HS|CS|CLASS\d{1,5})$/.test(text)) throw new Complaint(token, `only class IN is served, not ${show(token)}`);
  return false;
}

/** RFC 2308 §4: its own, else $TTL; else the last one stated (RFC 1035 §5.1), or the SOA record's minimum, as before there was $TTL. */
function ttlOf(state: State, own: number | undefined, data: RData, type: Token): number {
  const ttl = own ?? state.defaultTtl ?? state.lastTtl ?? (data.kind === 'SOA' ? data.minimum : undefined);
  if (ttl === undefined) throw new Complaint(type, 'no TTL: put a line such as "$TTL 1h" before the first record');
  if (own !== undefined || state.defaultTtl === undefined) state.lastTtl = ttl;
  return ttl;
}

function readTtl(token: Token): number {
  const seconds = token.quoted ? undefined : parseSeconds(token.text);
  if (seconds === undefined) throw new Complaint(token, `expected a time such as 300 or 1h30m, at most ${2 ** 31 - 1} s (RFC 2181 §8), got ${show(token)}`);
  return seconds;
}

function readName(state: State, token: Token): Name {
  if (token.quoted) throw new Complaint(token, `expected a name, got the string ${show(token)}`);
  const origin = token.text === '@' || !isAbsolute(token.text) ? originOf(state, token) : Name.root;
  const name = parseDomain(token, origin);
  if (!name) throw new Complaint(token, `${show(token)} is no domain name: labels have 1 to 63 octets, names at most 255 (RFC 1035 §2.3.4)`);
  return name;
}

function originOf(state: State, token: Token): Name {
  if (state.origin === 'broken') throw new Skipped();
  if (state.origin !== 'none') return state.origin;
  state.origin = 'broken';
  throw new Complaint(token, `nothing says yet what relative names end in, here at ${show(token)}: begin the file with a line such as "$ORIGIN example.com."`);
}

/** A final dot that no backslash escapes. */
function isAbsolute(text: string): boolean {
  return text.endsWith('.') && /(?<!\\)(?:\\\\)*\.$/.test(text);
}

/** A token as complaints quote it. The file was read octet by octet; what people typed may be UTF-8. */
function show(token: Token): string {
  const text = Buffer.from(token.text, 'latin1').toString('utf8');
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
