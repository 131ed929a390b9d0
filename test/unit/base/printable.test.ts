// What strangers write stays text: in logs, on a terminal, in a shell.

import { expect } from 'chai';
import { printable, printableAscii, shellWord } from '../../../src/base/printable.js';

describe('printableAscii', () => {
  it('leaves printable ASCII alone', () => expect(printableAscii('/F1/?a=b%20c')).to.equal('/F1/?a=b%20c'));
  it('escapes all else', () => expect(printableAscii('a\r\n"\\\u001b[31m\u0085\u202eé')).to.equal('a\\x0d\\x0a\\"\\\\\\x1b[31m\\x85\\u202e\\xe9'));
});

describe('shellWord', () => {
  it('leaves plain words plain', () => expect(shellWord('http://127.0.0.1:40721/video1.mp4')).to.equal('http://127.0.0.1:40721/video1.mp4'));
  it('makes one word of anything', () => expect(shellWord("http://h/it's(1)&;$x")).to.equal(`'http://h/it'\\''s(1)&;$x'`));
});

describe('printable', () => {
  it('keeps every script and escapes what can not be seen', () => expect(printable('映画 "é"\u001b[31m\n\u202e')).to.equal('映画 "é"\\x1b[31m\\x0a\\u202e'));
});
