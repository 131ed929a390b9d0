import { expect } from 'chai';
import { createServerBook } from '../../../src/dns/server-book.js';
import { formatEndpoint, type Endpoint } from '../../../src/net/address.js';
import { createHandClock, nameOf } from '../../helpers/dns.js';

const A: Endpoint = { address: '192.0.2.1', port: 53 };
const B: Endpoint = { address: '192.0.2.2', port: 53 };
const ONE = nameOf('one.test.');
const TWO = nameOf('two.test.');

describe('what is remembered of servers', () => {
  function parties() {
    const clock = createHandClock();
    const book = createServerBook(() => clock.monotonic());
    const order = (zone = ONE, servers = [A, B]): string => book.order(servers, zone).map((server) => formatEndpoint(server).slice(8, 9)).join(' ');
    const silences = (server: Endpoint, times: number): void => {
      for (let time = 0; time < times; time += 1) book.wasSilent(server);
    };
    return { clock, book, order, silences };
  }

  it('nothing: they are asked in the order given', () => expect(parties().order()).to.equal('1 2'));
  it('one that did not answer comes last for a second, whatever zone is asked about', () => {
    const { clock, book, order } = parties();
    book.wasSilent(A);
    expect([order(), order(TWO)]).to.deep.equal(['2 1', '2 1']);
    clock.advance(1000);
    expect(order()).to.equal('1 2');
  });
  it('one that answered to no use comes last about that zone alone', () => {
    const { book, order } = parties();
    book.wasUseless(A, ONE);
    expect([order(), order(TWO)]).to.deep.equal(['2 1', '1 2']);
  });
  it('RFC 9520 §3.2: for twice as long each time, and for five minutes at most', () => {
    const { clock, book, order } = parties();
    for (const seconds of [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]) {
      book.wasUseless(A, ONE);
      clock.advance(seconds * 1000 - 1);
      expect(order(), `${seconds} s`).to.equal('2 1');
      clock.advance(1);
      expect(order(), `${seconds} s`).to.equal('1 2');
    }
  });
  it('an answer makes up for all of it', () => {
    const { book, order, silences } = parties();
    silences(A, 5);
    book.wasUseless(A, ONE);
    book.answered(A, ONE);
    expect(order()).to.equal('1 2');
  });
  it('one that was silent three times is left alone, but for one question each time the wait is over', () => {
    const { clock, order, silences } = parties();
    silences(A, 3);
    expect(order()).to.equal('2');
    clock.advance(3999);
    expect(order()).to.equal('2');
    clock.advance(1);
    expect(order()).to.equal('1 2');
  });
  it('and comes last until then, though never for more than eight seconds does nobody look', () => {
    const { clock, order, silences } = parties();
    silences(A, 20);
    expect(order()).to.equal('2');
    clock.advance(8000);
    expect([order(), order()]).to.deep.equal(['2 1', '2']);
    clock.advance(8000);
    expect([order(), order()]).to.deep.equal(['2 1', '2']);
  });
  it('with all of them silent nobody is asked', () => {
    const { order, silences } = parties();
    silences(A, 3);
    silences(B, 3);
    expect(order()).to.equal('');
  });
  it('a word, be it of no use, is no silence', () => {
    const { book, order, silences } = parties();
    silences(A, 3);
    book.wasUseless(A, ONE);
    expect(order()).to.equal('2 1');
  });
  it('of 4096 servers at most', () => {
    const { book, order } = parties();
    book.wasSilent(A);
    for (let index = 0; index < 4096; index += 1) book.wasSilent({ address: `10.0.${index >> 8}.${index & 255}`, port: 53 });
    expect(order()).to.equal('1 2');
  });
});
