import { truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { CdnError } from '../../../src/base/errors.js';
import { systemClock } from '../../../src/base/clock.js';
import { loadZoneFile } from '../../../src/dns/zone-load.js';
import { formatRecord } from '../../../src/net/dns/text.js';
import { problemsOf, zoneOf } from '../../helpers/dns.js';
import { useTempFolders } from '../../helpers/temp.js';

const HEAD = '$ORIGIN example.\n$TTL 3600\n@ SOA ns hostmaster 1 2 3 4 60\n@ NS ns\nns A 192.0.2.1\n';

/** The records after those of HEAD. */
function records(lines: string, head = HEAD): readonly string[] {
  const count = head === HEAD ? 3 : 0;
  return [...zoneOf(head + lines).nodes.values()].flatMap((node) => [...node.rrsets.values()].flatMap((rrset) => rrset.records.map(formatRecord))).slice(count);
}

describe('a master file says', () => {
  const cases: readonly (readonly [rule: string, lines: string, expected: readonly string[]])[] = [
    ['RFC 1035 §5.1: a blank owner is the last one', 'www A 192.0.2.2\n    A 192.0.2.3\n\tTXT x', ['www.example. 3600 IN A 192.0.2.2', 'www.example. 3600 IN A 192.0.2.3', 'www.example. 3600 IN TXT "x"']],
    ['RFC 1035 §5.1: @ is the origin', 'www CNAME @', ['www.example. 3600 IN CNAME example.']],
    ['RFC 1035 §5.1: a name with a final dot is absolute', 'www.example. A 192.0.2.2', ['www.example. 3600 IN A 192.0.2.2']],
    ['RFC 1035 §5.1: $ORIGIN may be relative', '$ORIGIN sub\nwww A 192.0.2.2', ['www.sub.example. 3600 IN A 192.0.2.2']],
    ['RFC 1035 §5.1: TTL, then class', 'www 60 IN A 192.0.2.2', ['www.example. 60 IN A 192.0.2.2']],
    ['RFC 1035 §5.1: class, then TTL', 'www IN 60 A 192.0.2.2', ['www.example. 60 IN A 192.0.2.2']],
    ['RFC 1035 §5.1: parentheses join lines', 'www TXT ( one ; a remark )\n  two\n)', ['www.example. 3600 IN TXT "one" "two"']],
    ['RFC 1035 §5.1: a semicolon in quotes is no remark', 'www TXT "a;b" ; but this is', ['www.example. 3600 IN TXT "a;b"']],
    ['RFC 1035 §5.1: a quoted quote', 'www TXT "a\\"b"', ['www.example. 3600 IN TXT "a\\"b"']],
    ['RFC 1035 §5.1: \\DDD', 'www TXT \\065\\032\\066', ['www.example. 3600 IN TXT "A B"']],
    ['RFC 1035 §5.1: \\X takes the meaning away', 'www TXT a\\;b\\(c', ['www.example. 3600 IN TXT "a;b(c"']],
    ['RFC 1035 §5.1: a dot inside a label', 'a\\.b A 192.0.2.2', ['a\\.b.example. 3600 IN A 192.0.2.2']],
    ['RFC 1035 §5.1: an escaped @ is a label', '\\@ A 192.0.2.2', ['\\@.example. 3600 IN A 192.0.2.2']],
    ['RFC 1035 §5.1: blank lines and lines of remarks', '\n   \n; nothing\n\t; nothing\nwww A 192.0.2.2', ['www.example. 3600 IN A 192.0.2.2']],
    ['an empty string is a string', 'www TXT ""', ['www.example. 3600 IN TXT ""']],
    ['lower case', 'www in a 192.0.2.2', ['www.example. 3600 IN A 192.0.2.2']],
    ['units of time', 'www 1h30m A 192.0.2.2\nw2 1W A 192.0.2.2', ['www.example. 5400 IN A 192.0.2.2', 'w2.example. 604800 IN A 192.0.2.2']],
    ['RFC 2308 §4: $TTL holds from where it stands', 'w1 A 192.0.2.2\n$TTL 1m\nw2 A 192.0.2.2', ['w1.example. 3600 IN A 192.0.2.2', 'w2.example. 60 IN A 192.0.2.2']],
    ['RFC 3597 §5: an unknown type', 'www TYPE731 \\# 6 abcdef 012345', ['www.example. 3600 IN TYPE731 \\# 6 abcdef012345']],
    ['RFC 3597 §5: a known type as octets', 'www TYPE1 \\# 4 C0000202', ['www.example. 3600 IN A 192.0.2.2']],
    ['RFC 3597 §5: CLASS1', 'www CLASS1 A 192.0.2.2', ['www.example. 3600 IN A 192.0.2.2']],
    ["the course's own type", 'file1 V file1.hercdn.com. video1', ['file1.example. 3600 IN V file1.hercdn.com. "video1"']],
    ['lines that end in CR LF', 'www A 192.0.2.2\r\n\tA 192.0.2.3\r\n', ['www.example. 3600 IN A 192.0.2.2', 'www.example. 3600 IN A 192.0.2.3']],
    ['an owner that looks like a TTL, or a class, or a type', '60 A 192.0.2.2\nIN A 192.0.2.3\nTXT A 192.0.2.4', ['60.example. 3600 IN A 192.0.2.2', 'IN.example. 3600 IN A 192.0.2.3', 'TXT.example. 3600 IN A 192.0.2.4']],
    ['$GENERATE counts', '$GENERATE 1-3 h$ A 192.0.2.$', ['h1.example. 3600 IN A 192.0.2.1', 'h2.example. 3600 IN A 192.0.2.2', 'h3.example. 3600 IN A 192.0.2.3']],
    ['$GENERATE in steps, with a TTL', '$GENERATE 10-15/5 h$ 60 IN MX $ ns', ['h10.example. 60 IN MX 10 ns.example.', 'h15.example. 60 IN MX 15 ns.example.']],
    ['$GENERATE with offset, width and base', '$GENERATE 9-10 h${1,3,d} TXT ${0,4,x} ${0,0,X} ${0,4,o} ${-9}', ['h010.example. 3600 IN TXT "0009" "9" "0011" "0"', 'h011.example. 3600 IN TXT "000a" "A" "0012" "1"']],
    ['$GENERATE in nibbles', '$GENERATE 26-26 ${0,5,n} PTR ${0,0,N}', ['a.1.0.example. 3600 IN PTR A.1.example.']],
    ['$GENERATE leaves an escaped $ alone', '$GENERATE 7-7 a\\$b$$$ TXT x', ['a\\$b\\$7.example. 3600 IN TXT "x"']],
    ['the octets of UTF-8 in a string', Buffer.from('www TXT "é"').toString('latin1'), ['www.example. 3600 IN TXT "\\195\\169"']],
  ];
  for (const [rule, lines, expected] of cases) it(rule, () => expect(records(lines)).to.deep.equal(expected));

  it('RFC 1035 §5.1: without $TTL the last TTL that was stated', () =>
    expect(records('@ 300 SOA ns h 1 2 3 4 60\n@ NS ns\nns A 192.0.2.1\nw1 9 A 192.0.2.1\nw2 A 192.0.2.1', '$ORIGIN example.\n').map((line) => line.split(' ').slice(0, 2).join(' '))).to.deep.equal(['example. 300', 'example. 300', 'ns.example. 300', 'w1.example. 9', 'w2.example. 9']));
  it("and with none at all the SOA record's minimum", () =>
    expect(records('@ SOA ns.example.com. h 1 2 3 4 60\n@ NS ns.example.com.', '$ORIGIN example.\n')[1]).to.equal('example. 60 IN NS ns.example.com.'));
  it('without $ORIGIN relative names end in the owner of the SOA record', () =>
    expect(records('example. 60 SOA ns h 1 2 3 4 60\n NS ns\nns A 192.0.2.1', '').at(-1)).to.equal('ns.example. 60 IN A 192.0.2.1'));
});

describe('a master file is refused, with line and column', () => {
  const cases: readonly (readonly [mistake: string, lines: string, complaints: readonly string[]])[] = [
    ['a bad address', 'www A 192.0.2.256', ['6:7 A address: expected an IPv4 address, got "192.0.2.256"']],
    ['an octal address', 'www A 192.0.2.010', ['6:7 A address: expected an IPv4 address, got "192.0.2.010"']],
    ['data that is missing', 'www A', ['6:5 A address: expected an IPv4 address, and the entry ends']],
    ['a field that is missing', '_x SRV 0 0 80', ['6:12 SRV target: expected a domain name, and the entry ends']],
    ['a field too many', 'www A 192.0.2.2 192.0.2.3', ['6:17 A: nothing was expected after its last field, got "192.0.2.3"']],
    ['a number out of range', '_x SRV 0 0 65536 ns', ['6:12 SRV port: expected a whole number up to 65535, got "65536"']],
    ['an unknown type', 'www BOGUS x', ['6:5 "BOGUS" is no type known here: write it as TYPEn, its data as \\# LENGTH HEX (RFC 3597 §5)']],
    ['no type', 'www 60 IN', ['6:8 the entry ends where a type such as A or CNAME must stand']],
    ['another class', 'www CH A 192.0.2.2', ['6:5 only class IN is served, not "CH"']],
    ['a TTL out of range (RFC 2181 §8)', 'www 2147483648 A 192.0.2.2', ['6:5 expected a time such as 300 or 1h30m, at most 2147483647 s (RFC 2181 §8), got "2147483648"']],
    ['a TTL with an unknown unit', 'www 5y A 192.0.2.2', ['6:5 expected a time such as 300 or 1h30m, at most 2147483647 s (RFC 2181 §8), got "5y"']],
    ['a quote that is not closed', 'www TXT "abc\nw2 A 192.0.2.2', ['6:9 a quoted string that does not end on its line']],
    ['a parenthesis that is not closed', 'www TXT ( abc\nw2 A 192.0.2.2\n', ['6:9 an opening parenthesis that is never closed']],
    ['a parenthesis that was not opened', 'www TXT abc )\nw2 A 192.0.2.2', ['6:13 a closing parenthesis without an opening one']],
    ['an empty label', 'a..b A 192.0.2.2', ['6:1 "a..b" is no domain name: labels have 1 to 63 octets, names at most 255 (RFC 1035 §2.3.4)']],
    ['a label of 64 octets', `${'a'.repeat(64)} A 192.0.2.2`, [`6:1 "${'a'.repeat(60)}…" is no domain name: labels have 1 to 63 octets, names at most 255 (RFC 1035 §2.3.4)`]],
    ['a string of 256 octets', `www TXT ${'a'.repeat(256)}`, [`6:9 TXT strings: expected one or more texts of up to 255 octets each, got "${'a'.repeat(60)}…"`]],
    ['\\DDD beyond an octet', 'www TXT \\256', ['6:9 TXT strings: expected one or more texts of up to 255 octets each, got "\\\\256"']],
    ['octets that are not as many as they say', 'www TYPE731 \\# 3 abcd', ['6:13 expected \\#, the count of octets, and so many octets in hexadecimal, got "\\\\#"']],
    ['octets that are no data of a known type', 'www TYPE1 \\# 3 abcdef', ['6:11 the octets are not data of type 1: it ends within a field, got "\\\\#"']],
    ['$INCLUDE where there are no files', '$INCLUDE other.zone', ['6:10 nothing can be included here']],
    ['$GENERATE without a range', '$GENERATE', ['6:1 $GENERATE needs a range such as 1-20 or 0-100/2, and an entry behind it']],
    ['$GENERATE of a range that goes down', '$GENERATE 3-1 h$ A 192.0.2.$', ['6:11 expected a range such as 1-20 or 0-100/2, got "3-1"']],
    ['$GENERATE with no step', '$GENERATE 1-3/0 h$ A 192.0.2.$', ['6:11 expected a range such as 1-20 or 0-100/2, got "1-3/0"']],
    ['$GENERATE of too many', '$GENERATE 0-65536 h$ A 192.0.2.1', ['6:11 0-65536 makes 65537 entries: one $GENERATE makes at most 65536']],
    ['$GENERATE without data', '$GENERATE 1-3 h$ A', ['6:18 $GENERATE needs an owner, a type and data behind its range']],
    ['$GENERATE in an unknown base', '$GENERATE 1-3 h${0,2,z} A 192.0.2.$', ['6:15 expected ${OFFSET,WIDTH,BASE}, BASE one of d, o, x, X, n, N, got "${0,2,z}"']],
    ['$GENERATE below 0', '$GENERATE 1-3 h${-2} A 192.0.2.$', ['6:15 "${-2}" makes a number below 0 of 1']],
    ['$GENERATE of data that is none', '$GENERATE 255-257 h$ A 192.0.2.$', ['6:24 A address: expected an IPv4 address, got "192.0.2.256"']],
    ['an unknown directive', '$INLCUDE x', ['6:1 "$INLCUDE" is no directive: there are $ORIGIN, $TTL, $INCLUDE and $GENERATE']],
    ['$TTL without a time', '$TTL', ['6:1 $TTL needs a time behind it']],
    ['something behind $ORIGIN', '$ORIGIN sub sub', ['6:13 nothing was expected after $ORIGIN "sub", got "sub"']],
    ['all of them at once, each once', 'a..b A 192.0.2.2\n  TXT skipped with its owner\n$ORIGIN b..c\nwww A 192.0.2.2\nx.example. A nonsense\n$ORIGIN example.\nx A nonsense', [
      '6:1 "a..b" is no domain name: labels have 1 to 63 octets, names at most 255 (RFC 1035 §2.3.4)',
      '8:9 "b..c" is no domain name: labels have 1 to 63 octets, names at most 255 (RFC 1035 §2.3.4)',
      '12:5 A address: expected an IPv4 address, got "nonsense"',
    ]],
  ];
  for (const [mistake, lines, complaints] of cases) it(mistake, () => expect(problemsOf(HEAD + lines)).to.deep.equal(complaints));

  it('relative names, and nothing says to what', () =>
    expect(problemsOf('@ 60 SOA ns h 1 2 3 4 60\nwww A 192.0.2.1\n')).to.deep.equal(['1:1 nothing says yet what relative names end in, here at "@": begin the file with a line such as "$ORIGIN example.com."']));
  it('white space before the first owner', () => expect(problemsOf('$ORIGIN example.\n  A 192.0.2.1\n')[0]).to.match(/^2:3 the line begins with white space/));
  it('no TTL anywhere', () => expect(problemsOf('$ORIGIN example.\n@ NS ns.example.com.\n')).to.deep.equal(['2:3 no TTL: put a line such as "$TTL 1h" before the first record']));
  it('no SOA record', () => expect(problemsOf('')).to.deep.equal(['no SOA record: its owner would be the name of the zone (RFC 1035 §5.2)']));
  it('garbage, in bounded time and without a crash', () => {
    const garbage = Array.from({ length: 20_000 }, (_, index) => String.fromCharCode((index * 7919) % 256)).join('');
    expect(problemsOf(garbage)).to.not.deep.equal([]);
    expect(problemsOf('"'.repeat(200_001))).to.not.deep.equal([]);
    expect(problemsOf('('.repeat(200_000))).to.have.length(1);
    expect(problemsOf('a\\'.repeat(200_000))).to.have.length(1);
  });
});

describe('loadZoneFile', () => {
  const createFolder = useTempFolders();

  const failure = async (file: string): Promise<CdnError> => {
    try {
      await loadZoneFile(file, { clock: systemClock });
    } catch (error) {
      if (error instanceof CdnError) return error;
      throw error;
    }
    throw new Error('it was loaded');
  };

  it('reads a file, a byte order mark aside', async () => {
    const file = path.join(await createFolder(), 'example.zone');
    await writeFile(file, `\ufeff${HEAD}`);
    expect((await loadZoneFile(file, { clock: systemClock })).apex.toString()).to.equal('example.');
  });
  it('names file, line and column of every mistake, in their order', async () => {
    const file = path.join(await createFolder(), 'bad.zone');
    await writeFile(file, `${HEAD}www CNAME ns\nwww A 192.0.2.1\nw2 A x\n`);
    const error = await failure(file);
    expect(error.code).to.equal('USAGE');
    expect(error.message.split('\n').slice(1)).to.deep.equal([
      `${file}:6:1: www.example. has a CNAME and A: an alias has nothing else (RFC 1034 §3.6.2)`,
      `${file}:8:6: A address: expected an IPv4 address, got "x"`,
    ]);
  });
  it('shows fifty mistakes of many, and says how many more', async () => {
    const file = path.join(await createFolder(), 'bad.zone');
    await writeFile(file, HEAD + 'x A y\n'.repeat(70));
    const lines = (await failure(file)).message.split('\n');
    expect(lines).to.have.length(52);
    expect(lines.at(-1)).to.equal('… and 20 more');
  });
  it('says which file it cannot read', async () => {
    const file = path.join(await createFolder(), 'missing.zone');
    expect((await failure(file)).message).to.include(`cannot read the zone file ${file}: ENOENT`);
    await writeFile(file, '');
    await truncate(file, 512_000_001);
    expect(await failure(file)).to.include({ code: 'USAGE', message: `cannot read the zone file ${file}: it has 512000001 octets, more than 512 MB` });
    expect(await failure('/dev/null')).to.include({ code: 'USAGE', message: 'cannot read the zone file /dev/null: it is no regular file' });
  });
});
