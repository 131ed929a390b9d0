import { expect } from 'chai';
import { systemClock, type Clock } from '../../../src/base/clock.js';
import type { HttpRequest, HttpResponse } from '../../../src/net/http/message.js';
import { createLog } from '../../../src/observe/log.js';
import { createTransferLog, MOST_TOLD_A_SECOND } from '../../../src/store/transcript.js';

const PEER = { address: '127.0.0.1', port: 1 };

describe('the transcript of transfers', () => {
  function start() {
    const lines: string[] = [];
    let now = 0;
    const timers: (() => void)[] = [];
    const clock: Clock = { ...systemClock, monotonic: () => now, after: (_ms, run) => { timers.push(run); return () => undefined; } };
    const tell = createTransferLog({ clock, log: createLog(({ message }) => lines.push(message)) });
    const request: HttpRequest = { method: 'GET', target: '/x', fields: {}, peer: PEER, local: PEER, signal: new AbortController().signal };
    const response: HttpResponse = { status: 200, fields: {}, body: { kind: 'none' } };
    return {
      lines,
      pass: (ms: number) => {
        now += ms;
        for (const run of timers.splice(0)) run();
      },
      transfer: (name: string, complete = true) => tell(request, response, name, () => 'it is broken').finished?.({ complete, bytes: 10, durationMs: 1 }),
    };
  }

  it('tells each transfer', () => {
    const { lines, transfer } = start();
    transfer('video1');
    transfer('video2', false);
    expect(lines).to.deep.equal(['Received data: video1', 'video1 Transfer Complete!', 'Received data: video2', 'video2 transfer broke off after 10 B: it is broken']);
  });

  it('tells so many in a second one by one, and of the rest how many they were', () => {
    const { lines, transfer, pass } = start();
    for (let times = 0; times < MOST_TOLD_A_SECOND; times += 1) transfer('video1');
    expect(lines).to.have.length(2 * MOST_TOLD_A_SECOND);
    for (const name of ['video2', 'video1', 'video2', 'video3', 'video4', 'video5']) transfer(name, name !== 'video3');
    expect(lines).to.have.length(2 * MOST_TOLD_A_SECOND);
    pass(1000);
    expect(lines.slice(2 * MOST_TOLD_A_SECOND)).to.deep.equal(['… and 6 more transfers, 60 B, 1 of them broke off: video2 2 times, video1 1 times, video3 1 times, and 2 more objects']);
    transfer('video1');
    expect(lines.at(-1)).to.equal('video1 Transfer Complete!');
    pass(1000);
    expect(lines.at(-1)).to.equal('video1 Transfer Complete!');
  });
});
