import { expect } from 'chai';
import { shellWord } from '../../../src/base/printable.js';
import { fileNameOf, objectNameOf, printable, withSuffix } from '../../../src/fetch/text.js';

describe('fetch: names of files', () => {
  const table: readonly (readonly [string, string])[] = [
    ['http://a.test/video1.mp4', 'video1.mp4'],
    ['http://a.test/b/video1.mp4?x=/y', 'video1.mp4'],
    ['http://a.test/', 'download'],
    ['http://a.test/b/', 'download'],
    ['http://a.test/my%20film.mp4', 'my film.mp4'],
    ['http://a.test/..%2f..%2fetc%2fpasswd', '_.._etc_passwd'],
    ['http://a.test/%2e%2e%5cx', '_x'],
    ['http://a.test/.bashrc', 'bashrc'],
    ['http://a.test/-rf', '_rf'],
    ['http://a.test/x%00y.mp4', 'xy.mp4'],
    ['http://a.test/%1b%5b31m.mp4', '[31m.mp4'],
    ['http://a.test/%e2%80%aegpj.exe', 'gpj.exe'],
    ['http://a.test/c%3ax', 'c_x'],
    ['http://a.test/con.mp4', '_con.mp4'],
    ['http://a.test/x.%20.', 'x'],
    ['http://a.test/%ff', '%ff'],
    ['http://a.test/%d0%bf.mp4', 'п.mp4'],
  ];
  for (const [url, name] of table) it(`${url} is saved as ${name}`, () => expect(fileNameOf(new URL(url))).to.equal(name));

  it('a name too long is cut before its extension, within no character', () => {
    const name = fileNameOf(new URL(`http://a.test/${'я'.repeat(400)}.mp4`));
    expect(Buffer.byteLength(name)).to.be.at.most(255);
    expect(name).to.match(/^я{100,}\.mp4$/);
  });

  it('room is made for a suffix', () => {
    expect(withSuffix('x.mp4', '.part')).to.equal('x.mp4.part');
    expect(Buffer.byteLength(withSuffix('x'.repeat(255), '.part'))).to.equal(255);
  });

  it('an object is called as its file without the extension', () => {
    expect(objectNameOf(new URL('http://a.test/video1.mp4'))).to.equal('video1');
    expect(objectNameOf(new URL('http://a.test/video'))).to.equal('video');
  });
});

describe('fetch: text of strangers', () => {
  it('holds nothing that steers a terminal', () => {
    expect(printable('a\u001b[2Jb\r\nc\u202ed\u009be')).to.equal('a\\x1b[2Jb\\x0d\\x0ac\\u202ed\\x9be');
    expect(printable('x'.repeat(600))).to.have.length(501);
  });

  it('is quoted for the shell where it must be', () => {
    expect(shellWord('http://127.0.0.1:40721/video1.mp4')).to.equal('http://127.0.0.1:40721/video1.mp4');
    expect(shellWord('a b')).to.equal("'a b'");
    expect(shellWord("a'$(x)")).to.equal(`'a'\\''$(x)'`);
    expect(shellWord('a[1]')).to.equal("'a[1]'");
  });
});
