import { expect } from 'chai';
import { createCatalog } from '../../../src/catalog/index.js';
import { filmName } from '../../../src/web/pages/film-name.js';

describe('what a page calls a film', () => {
  for (const [file, expected] of [
    ['Der Himmel über Berlin (1987).mp4', 'Der Himmel über Berlin (1987)'],
    ['七人の侍.mkv', '七人の侍'],
    ['1917.mp4', '1917'],
    ['Video 2 killed the radio star.webm', 'Video 2 killed the radio star'],
    ['video7.mp4', 'File1'],
    ['File 12.mp4', 'File1'],
  ] as const) {
    it(`${file}: ${expected}`, () => expect(createCatalog([file]).titles.map(filmName)).to.deep.equal([expected]));
  }
});
