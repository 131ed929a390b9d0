import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { systemClock } from '../../../src/base/clock.js';
import { CdnError } from '../../../src/base/errors.js';
import { loadZone } from '../../../src/dns/zone-load.js';
import { formatRecord } from '../../../src/net/dns/text.js';
import { useTempFolders } from '../../helpers/temp.js';

const HEAD = '$ORIGIN example.\n$TTL 3600\n@ SOA ns hostmaster 1 2 3 4 60\n@ NS ns\nns A 192.0.2.1\n';

describe('$INCLUDE', () => {
  const createFolder = useTempFolders();

  /** The records after those of HEAD, or the complaints; `main.zone` is HEAD and what is given for it. */
  async function load(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
    const folder = await createFolder();
    for (const [name, text] of Object.entries(files)) {
      await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
      await writeFile(path.join(folder, name), name === 'main.zone' ? HEAD + text : text);
    }
    try {
      const { zone, files: read } = await loadZone(path.join(folder, 'main.zone'), { clock: systemClock });
      expect(read.map((file) => path.relative(folder, file)).sort()).to.deep.equal(Object.keys(files).sort());
      return [...zone.nodes.values()].flatMap((node) => node.rrsets.values().flatMap((rrset) => rrset.records.map(formatRecord))).slice(3);
    } catch (error) {
      if (error instanceof CdnError) return error.message.replaceAll(`${folder}${path.sep}`, '').split('\n').slice(1);
      throw error;
    }
  }

  const CASES: readonly (readonly [rule: string, files: Readonly<Record<string, string>>, expected: readonly string[]])[] = [
    ['RFC 1035 §5.1: reads a file in place', { 'main.zone': '$INCLUDE more\nb A 192.0.2.3', more: 'a A 192.0.2.2\n' }, ['a.example. 3600 IN A 192.0.2.2', 'b.example. 3600 IN A 192.0.2.3']],
    ['RFC 1035 §5.1: with an origin of its own', { 'main.zone': '$INCLUDE more sub\nb A 192.0.2.3', more: 'a A 192.0.2.2' }, ['a.sub.example. 3600 IN A 192.0.2.2', 'b.example. 3600 IN A 192.0.2.3']],
    ['RFC 1035 §5.1: whose origin does not stay', { 'main.zone': '$INCLUDE more\nb A 192.0.2.3', more: '$ORIGIN sub\na A 192.0.2.2' }, ['a.sub.example. 3600 IN A 192.0.2.2', 'b.example. 3600 IN A 192.0.2.3']],
    ['RFC 1035 §5.1: whose owner does not stay', { 'main.zone': 'b TXT 1\n$INCLUDE more\n TXT 2', more: 'a A 192.0.2.2' }, ['b.example. 3600 IN TXT "1"', 'b.example. 3600 IN TXT "2"', 'a.example. 3600 IN A 192.0.2.2']],
    ['goes on with the owner before it', { 'main.zone': 'b TXT 1\n$INCLUDE more', more: ' TXT 2' }, ['b.example. 3600 IN TXT "1"', 'b.example. 3600 IN TXT "2"']],
    ['RFC 2308 §4: a $TTL holds for what comes after it', { 'main.zone': '$INCLUDE more\nb A 192.0.2.3', more: '$TTL 60' }, ['b.example. 60 IN A 192.0.2.3']],
    ['is relative to the file that it stands in', { 'main.zone': '$INCLUDE d/one', 'd/one': '$INCLUDE two', 'd/two': 'a A 192.0.2.2' }, ['a.example. 3600 IN A 192.0.2.2']],
    ['takes a name in quotes, and in UTF-8', { 'main.zone': '$INCLUDE "más zonas"', 'más zonas': 'a A 192.0.2.2' }, ['a.example. 3600 IN A 192.0.2.2']],
    ['reads one file twice', { 'main.zone': '$INCLUDE more x\n$INCLUDE more y', more: 'a A 192.0.2.2' }, ['a.x.example. 3600 IN A 192.0.2.2', 'a.y.example. 3600 IN A 192.0.2.2']],
    ['refuses a file that includes itself', { 'main.zone': '$INCLUDE one', one: '$INCLUDE two', two: 'a A 192.0.2.2\n $INCLUDE x\n$INCLUDE one' }, ['two:2:2: "$INCLUDE" is no type known here: write it as TYPEn, its data as \\# LENGTH HEX (RFC 3597 §5)', 'two:3:10: "one" is being read already: a file can\'t include itself']],
    ['refuses what is not there, and reads on', { 'main.zone': '$INCLUDE missing\nb A x' }, ['main.zone:6:10: cannot read "missing": ENOENT: no such file or directory, stat \'missing\'', 'main.zone:7:5: A address: expected an IPv4 address, got "x"']],
    ['refuses nothing, and too much', { 'main.zone': '$INCLUDE\n$INCLUDE a b c' }, ['main.zone:6:1: $INCLUDE needs the name of a file behind it', 'main.zone:7:14: nothing was expected after $INCLUDE "a" "b", got "c"']],
    ['names the place in the included file, for rules of the whole zone too', { 'main.zone': '$INCLUDE more\nc A x', more: 'a CNAME b\na A 192.0.2.2\n' }, ['main.zone:7:5: A address: expected an IPv4 address, got "x"', 'more:1:1: a.example. has a CNAME and A: an alias has nothing else (RFC 1034 §3.6.2)']],
  ];
  for (const [rule, files, expected] of CASES) it(rule, async () => expect(await load(files)).to.deep.equal(expected));

  it('reads regular files alone', async () => {
    expect(await load({ 'main.zone': '$INCLUDE /dev/null' })).to.deep.equal(['main.zone:6:10: cannot read "/dev/null": it is no regular file']);
  });

  it('goes 16 files deep and no deeper', async () => {
    const chain = (depth: number): Record<string, string> => Object.fromEntries(Array.from({ length: depth }, (_, index) => [`f${index}`, index === depth - 1 ? 'a A 192.0.2.2' : `$INCLUDE f${index + 1}`]));
    expect(await load({ 'main.zone': '$INCLUDE f0', ...chain(16) })).to.deep.equal(['a.example. 3600 IN A 192.0.2.2']);
    expect(await load({ 'main.zone': '$INCLUDE f0', ...chain(17) })).to.deep.equal(['f15:1:10: more than 16 files within one another']);
  });
});
