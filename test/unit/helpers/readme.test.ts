import { expect } from 'chai';
import { parseSections, shows } from '../../helpers/readme.js';

describe('the README as something to run', () => {
  it('finds the blocks of each section', () => {
    const text = '# T\n```sh\na\n```\n## One\nwords\n```sh background\nb\nc\n```\n```text\nd\n```\n### Two\n';
    expect(parseSections(text)).to.deep.equal([
      { title: '', blocks: [{ line: 2, language: 'sh', words: [], text: 'a' }] },
      { title: 'One', blocks: [{ line: 7, language: 'sh', words: ['background'], text: 'b\nc' }, { line: 11, language: 'text', words: [], text: 'd' }] },
      { title: 'Two', blocks: [] },
    ]);
  });

  it('refuses a block without an end', () => {
    expect(() => parseSections('```sh\na')).to.throw('line 1');
  });

  const cases: readonly [string, string, boolean][] = [
    ['a\nb\nc\n', 'b', true],
    ['a\nb\nc\n', 'a\nc', false],
    ['a\nb\nc\n', 'a\n…\nc', true],
    ['a\nb\nc\n', 'c\n…\na', false],
    ['held 37 octets (1.2 MB)\n', 'held … octets (… MB)', true],
    ['held 37 octets (1.2 MB)\n', 'held … records (… MB)', false],
    ['in 1.0 s (900 kB/s), verified\n', 'in 365 ms (41 MB/s), verified', true],
    ['in 1.0 s (900 kB), verified\n', 'in 365 ms (41 MB/s), verified', false],
    ['xa\n', 'a', false],
    ['ax\n', 'a', false],
    ['a.c\r\n', 'a.c', true],
    ['abc\n', 'a.c', false],
    ['', 'a', false],
    ['from 127.0.0.1:53012 in 3.5 ms\n', 'from 127.0.0.1:61999 in 12 ms', true],
    ['from 127.0.0.1:40721 in 3.5 ms\n', 'from 127.0.0.1:40722 in 3.5 ms', false],
    ['from 127.0.0.2:53012\n', 'from 127.0.0.1:53012', false],
    ['773 kB\n', '774 kB', false],
    ['a.com.\t20\tIN\tA\t127.0.0.1\n', 'a.com.\t17\tIN\tA\t127.0.0.1', true],
    ['a.com.\t20\tIN\tA\t127.0.0.1\n', 'a.com.\t20\tIN\tA\t127.0.0.2', false],
    ['ETag: "abc"\n', 'ETag: "def"', true],
  ];
  for (const [output, shown, expected] of cases) {
    it(`${JSON.stringify(output)} ${expected ? 'shows' : 'does not show'} ${JSON.stringify(shown)}`, () => expect(shows(output, shown)).to.equal(expected));
  }
});
