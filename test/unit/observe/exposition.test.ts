import { expect } from 'chai';
import { formatExposition } from '../../../src/observe/exposition.js';

describe('the text format of Prometheus', () => {
  it('HELP, TYPE and samples of a metric stand together, and what would break a line is escaped', () => {
    expect(formatExposition([
      { name: 'a_total', type: 'counter', help: 'of\\lines\nand "more"', samples: [{ value: 3 }, { labels: { x: 'q"\\\n', y: '' }, value: 0.5 }] },
      { name: 'b', type: 'gauge', help: 'h', samples: [{ value: Infinity }] },
    ])).to.equal([
      '# HELP a_total of\\\\lines\\nand "more"', '# TYPE a_total counter', 'a_total 3', 'a_total{x="q\\"\\\\\\n",y=""} 0.5',
      '# HELP b h', '# TYPE b gauge', 'b +Inf', '',
    ].join('\n'));
  });
});
