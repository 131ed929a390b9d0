import { expect } from 'chai';
import { createJsonLog } from '../../../src/cli/json-log.js';
import { createTranscriptLog, type TranscriptOptions } from '../../../src/cli/transcript.js';
import type { Terminal } from '../../../src/cli/terminal.js';
import type { Log } from '../../../src/observe/log.js';

function written(tell: (log: Log) => void, make: (terminal: Terminal) => Log): readonly string[] {
  const lines: string[] = [];
  tell(make({ interactive: false, columns: 80, writeLine: (text) => lines.push(text), beside: (_, write) => write(), addRow: () => ({ remove: () => undefined }), restore: () => undefined }));
  return lines;
}

const plain: TranscriptOptions = { level: 'info', labelWidth: 0, color: false };
const transcript = (options: Partial<TranscriptOptions>) => (terminal: Terminal) => createTranscriptLog(terminal, { ...plain, ...options });

describe('the transcript', () => {
  it('is the sentence alone where there is one party', () => expect(written((log) => log.info('Received data: video1'), transcript({}))).to.deep.equal(['Received data: video1']));
  it('labels each line of a sentence where there are several', () =>
    expect(written((log) => log.as('dns').info('a\n\nb'), transcript({ labelWidth: 8 }))).to.deep.equal(['dns      | a\ndns      |\ndns      | b']));
  it('keeps details for --verbose', () => {
    expect(written((log) => log.debug('detail'), transcript({}))).to.deep.equal([]);
    expect(written((log) => log.debug('detail'), transcript({ level: 'debug' }))).to.deep.equal(['detail']);
  });
  it('names the trace for --verbose, once', () => {
    const traced = (level: 'info' | 'debug') => written((log) => log.info('a\nb', { traceId: 'abc' }), transcript({ level }));
    expect([traced('info'), traced('debug')]).to.deep.equal([['a\nb'], ['a [trace abc]\nb']]);
  });
  it('keeps to warnings and errors for --quiet', () =>
    expect(written((log) => { log.info('a'); log.warn('b'); log.error('c'); }, transcript({ level: 'warn' }))).to.deep.equal(['b', 'c']));
  it('lets no party’s words reach the terminal as commands', () =>
    expect(written((log) => log.info('a\u001b[31m\r\u202eb'), transcript({}))).to.deep.equal(['a\\x1b[31m\\x0d\\u202eb']));
  it('colours only when asked', () => {
    expect(written((log) => log.error('x'), transcript({ color: true }))[0]).to.match(/\x1b\[/);
    expect(written((log) => log.as('web').error('x'), transcript({ labelWidth: 8 }))[0]).to.not.match(/\x1b/);
  });
});

describe('the log for machines', () => {
  it('is one JSON object a line: time, level, party, facts, msg', () => {
    const [line = ''] = written((log) => log.as('store-1').info('Received data: video1\n', { object: 'video1' }), (terminal) => createJsonLog(terminal, 'info'));
    const { time, ...rest } = JSON.parse(line) as Record<string, unknown>;
    expect(rest).to.deep.equal({ level: 'info', party: 'store-1', object: 'video1', msg: 'Received data: video1' });
    expect(time).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });
  it('holds hostile text within its line', () => {
    const lines = written((log) => log.warn('a\nb\u001b[31m', { name: '\n"}' }), (terminal) => createJsonLog(terminal, 'info'));
    expect(lines).to.have.lengthOf(1);
    expect(lines[0]).to.not.match(/[\n\u001b]/);
  });
});
