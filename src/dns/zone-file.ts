// Master files (RFC 1035 §5, RFC 2308 §4, RFC 3597 §5) -> zones. Reads on after a mistake, so that all
// of them are told at once.

import { readFile } from 'node:fs/promises';
import { CdnError, messageOf } from '../base/errors.js';
import { CLASS, TYPE, type RData } from '../net/dns/message.js';
import { Name } from '../net/dns/name.js';
import { parseDomain, parseRData, parseSeconds, parseType } from '../net/dns/text.js';
import { buildZone, type ZoneBuild } from './zone-build.js';
import type { Position, SourcedRecord, ZoneProblem } from './zone-draft.js';
import { readEntries, type Token } from './zone-tokens.js';
import type { Zone } from './zone.js';

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

/** A zone from the text of a master file, one octet a character. Its apex is the owner of its SOA record. */
export function parseZone(text: string): ZoneBuild {
  const state: State = { origin: 'none', owner: 'none', defaultTtl: undefined, lastTtl: undefined };
  const records: SourcedRecord[] = [];
  const problems: ZoneProblem[] = [];
  for (const entry of readEntries(text)) {
    if (entry.kind === 'problem') {
      problems.push(entry.problem);
      continue;
    }
    try {
      const record = readEntry(state, entry.tokens, entry.indented);
      if (record) records.push(record);
    } catch (error) {
      if (error instanceof Complaint) problems.push({ at: error.at, text: error.message });
      else if (!(error instanceof Skipped)) throw error;
    }
  }
  const apex = records.find(({ record }) => record.type === TYPE.SOA)?.record.name;
  if (!apex) {
    // Behind a line that can't be read the SOA record may well be.
    if (problems.length === 0) problems.push({ at: undefined, text: 'no SOA record: its owner would be the name of the zone (RFC 1035 §5.2)' });
    return { kind: 'invalid', problems };
  }
  const built = buildZone({ apex, records });
  if (built.kind === 'zone' && problems.length === 0) return built;
  return { kind: 'invalid', problems: built.kind === 'zone' ? problems : [...problems, ...built.problems] };
}

/** A directive changes the state and gives nothing; any other entry is a record. */
function readEntry(state: State, tokens: readonly Token[], indented: boolean): SourcedRecord | undefined {
  const first = tokens[0] as Token;
  if (!indented && !first.quoted && first.text.startsWith('$')) {
    readDirective(state, first, tokens.slice(1));
    return undefined;
  }
  if (!indented) {
    state.owner = 'broken';
    state.owner = readName(state, first);
  }
  if (state.owner === 'broken') throw new Skipped();
  if (state.owner === 'none') throw new Complaint(first, 'the line begins with white space, so it has the owner of the record before, and there is none');
  return readRecord(state, state.owner, first, tokens.slice(indented ? 0 : 1));
}

function readDirective(state: State, directive: Token, [argument, excess]: readonly Token[]): void {
  const word = directive.text.toUpperCase();
  if (word === '$INCLUDE' || word === '$GENERATE') throw new Complaint(directive, `${word} is not supported: write out the records that it stands for`);
  if (word !== '$ORIGIN' && word !== '$TTL') throw new Complaint(directive, `${show(directive)} is no directive: there are $ORIGIN and $TTL`);
  const previous = state.origin;
  // What the lines below are relative to is unknown until this one is read.
  if (word === '$ORIGIN') state.origin = 'broken';
  if (!argument) throw new Complaint(directive, `${word} needs ${word === '$TTL' ? 'a time' : 'a name'} behind it`);
  if (word === '$TTL') state.defaultTtl = readTtl(argument);
  else state.origin = readName({ ...state, origin: previous }, argument);
  if (excess) throw new Complaint(excess, `nothing was expected after ${word} ${show(argument)}, got ${show(excess)}`);
}

/** RFC 1035 §5.1: [TTL] [class] type RDATA, or [class] [TTL] type RDATA. */
function readRecord(state: State, owner: Name, start: Token, tokens: readonly Token[]): SourcedRecord {
  let ttl: number | undefined;
  let classSeen = false;
  let index = 0;
  for (; index < 2; index += 1) {
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
  const at = { line: start.line, column: start.column };
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
  return /(?<!\\)(?:\\\\)*\.$/.test(text);
}

/** A token as complaints quote it. The file was read octet by octet; what people typed may be UTF-8. */
function show(token: Token): string {
  const text = Buffer.from(token.text, 'latin1').toString('utf8');
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}

const MAX_PROBLEMS_SHOWN = 50;

/**
 * The zone of a master file.
 * @throws CdnError USAGE, with a line `file:line:column: what` for each mistake
 */
export async function loadZoneFile(file: string): Promise<Zone> {
  let text: string;
  try {
    const octets = await readFile(file);
    // A byte order mark is no part of the first name.
    text = octets.toString('latin1').replace(/^\u00ef\u00bb\u00bf/, '');
  } catch (cause) {
    throw new CdnError('USAGE', `cannot read the zone file ${file}: ${messageOf(cause)}`, { details: { file }, suggestions: ['name a readable master file with --zone FILE'], cause });
  }
  const parsed = parseZone(text);
  if (parsed.kind === 'zone') return parsed.zone;
  const problems = [...parsed.problems].sort((a, b) => (a.at?.line ?? 0) - (b.at?.line ?? 0) || (a.at?.column ?? 0) - (b.at?.column ?? 0));
  const lines = problems.slice(0, MAX_PROBLEMS_SHOWN).map(({ at, text: what }) => (at ? `${file}:${at.line}:${at.column}: ${what}` : `${file}: ${what}`));
  if (problems.length > lines.length) lines.push(`… and ${problems.length - lines.length} more`);
  throw new CdnError('USAGE', `the zone file ${file} can't be served:\n${lines.join('\n')}`, {
    details: { file, problems: problems.map(({ at, text: what }) => ({ line: at?.line, column: at?.column, text: what })) },
    suggestions: ['mend these lines, then start again'],
  });
}
