import { expect } from 'chai';
import { wrapLine } from '../../../src/cli/fetch-output.js';

describe('a line on a terminal', () => {
  const message = `3.  client 127.0.0.1:1 → local DNS 127.0.0.1:2${' '.repeat(20)}A? file1.hiscinema.com (RD=1)  +1.9 ms`;
  it('stays one line where it fits, and in a pipe', () => {
    expect(wrapLine(message, 120)).to.equal(message);
    expect(wrapLine(message, 0)).to.equal(message);
  });
  it('of the story breaks between who and what', () =>
    expect(wrapLine(message, 60)).to.equal('3.  client 127.0.0.1:1 → local DNS 127.0.0.1:2\n    A? file1.hiscinema.com (RD=1)  +1.9 ms'));
  it('breaks between words, the rest set in', () => expect(wrapLine('one two three four five six', 21)).to.equal('one two three four\n    five six'));
  it('leaves a word that is too long whole', () => expect(wrapLine(`a ${'x'.repeat(50)} b`, 30)).to.equal(`a\n    ${'x'.repeat(50)}\n    b`));
});
