// curl, a client that wasn't written here, against the server.

import { execFile } from 'node:child_process';
import { expect } from 'chai';
import { textResponse, type HttpHandler } from '../../../../src/net/http/message.js';
import { itWith } from '../../../helpers/programs.js';
import { useBench, WAYS } from './raw.js';

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(program: string, args: readonly string[], input = ''): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(program, ['--silent', '--show-error', '--noproxy', '*', ...args], { encoding: 'latin1', maxBuffer: 1 << 26 }, (_, stdout, stderr) => {
      resolve({ status: child.exitCode, stdout, stderr });
    });
    // It may leave before it has read all of it.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}

const parts = (length: number | undefined, ...sent: readonly string[]): ReturnType<HttpHandler> => ({
  status: 200,
  fields: { 'content-type': 'video/mp4' },
  body: {
    kind: 'stream',
    length,
    open: async function* () {
      for (const part of sent) yield Buffer.from(part);
    },
  },
});

const handler: HttpHandler = (request) => {
  switch (request.target) {
    case '/known':
      return parts(10, '01234', '56789');
    case '/unknown':
      return parts(undefined, '01234', '56789');
    case '/short':
      return parts(10, '01234');
    default:
      return textResponse(200, `${request.method} ${request.target} ${request.fields['host'] ?? ''}`);
  }
};

for (const { way, direct } of WAYS) {
  describe(`the HTTP server, as curl sees it: ${way}`, () => {
    const bench = useBench(direct);

    async function origin(): Promise<string> {
      const { endpoint } = await bench.serve(handler);
      return `http://127.0.0.1:${endpoint.port}`;
    }

    for (const target of ['/known', '/unknown']) {
      for (const version of ['--http1.1', '--http1.0', '--http2']) {
        itWith('curl', `gets ${target} with ${version}`, async (curl) => {
          const ran = await run(curl, [version, `${await origin()}${target}`]);
          expect(ran).to.include({ status: 0, stdout: '0123456789' });
        });
      }
    }

    itWith('curl', 'gets several things over one connection', async (curl) => {
      const base = await origin();
      const ran = await run(curl, [`${base}/known`, `${base}/unknown`, `${base}/x`, '--write-out', '|%{num_connects}|']);
      expect(ran.status).to.equal(0);
      expect(ran.stdout).to.equal(`0123456789|1|0123456789|0|GET /x ${base.slice(7)}|0|`);
    });

    itWith('curl', 'sees the length in a HEAD, and waits for nothing', async (curl) => {
      const ran = await run(curl, ['--head', `${await origin()}/known`]);
      expect(ran.status).to.equal(0);
      expect(ran.stdout).to.match(/^HTTP\/1\.1 200 OK\r\n/).and.match(/\r\ncontent-length: 10\r\n/i);
    });

    itWith('curl', 'sends content with a post, and gets its answer', async (curl) => {
      const ran = await run(curl, ['--data', 'x'.repeat(20_000), '--header', 'Expect: 100-continue', `${await origin()}/x`]);
      expect(ran.status).to.equal(0);
      expect(ran.stdout).to.match(/^POST \/x /);
    });

    itWith('curl', 'is told when there is too much of it', async (curl) => {
      const ran = await run(curl, ['--data-binary', '@-', '--header', 'Expect:', '--write-out', '|%{http_code}', `${await origin()}/x`], 'x'.repeat(10_000_000));
      expect(ran.stdout).to.match(/octets\n\|413$/);
    });

    itWith('curl', 'uses the server as a proxy would be used: absolute-form', async (curl) => {
      const ran = await run(curl, ['--noproxy', '', '--proxy', await origin(), 'http://file1.hiscinema.com/x']);
      expect(ran).to.include({ status: 0, stdout: 'GET /x file1.hiscinema.com' });
    });

    itWith('curl', 'sees that a body broke off (exit 18)', async (curl) => {
      const ran = await run(curl, [`${await origin()}/short`]);
      expect(ran).to.include({ status: 18, stdout: '01234' });
    });
  });
}
