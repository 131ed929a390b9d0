import { expect } from 'chai';
import { closest } from '../../../src/base/similar.js';

describe('closest', () => {
  const known = ['demo', 'dns', 'fetch', 'store', 'up', 'web'];
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['fecth', 'fetch'], ['FETCH', 'fetch'], ['stor', 'store'], ['wep', 'web'], ['u', 'up'], ['dsn', 'dns'],
    ['purge', undefined], ['', undefined], ['x'.repeat(100_000), undefined],
  ];
  for (const [typed, wanted] of cases) it(`${typed.slice(0, 20)} → ${wanted ?? 'nothing'}`, () => expect(closest(typed, known)).to.equal(wanted));
});
