import { expect } from 'chai';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { freePort, isPortFree } from '../../helpers/free-port.js';
import { useProcesses } from '../../helpers/process.js';
import { findProgram } from '../../helpers/programs.js';
import { useTempFolders } from '../../helpers/temp.js';

describe('test helpers', () => {
  const tempFolder = useTempFolders();
  const { run, start } = useProcesses();
  let last = '';

  it('finds a program that is there, and no other', () => {
    expect(findProgram('node')).to.be.a('string');
    expect(findProgram('no-such-program-anywhere')).to.equal(undefined);
  });

  it('makes a temporary folder', async () => {
    last = await tempFolder();
    expect(existsSync(last)).to.equal(true);
  });

  it('has removed it when the next test runs', () => {
    expect(last).to.not.equal('');
    expect(existsSync(last)).to.equal(false);
  });

  it('tells a free port from a taken one', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const bound = server.address();
    if (bound === null || typeof bound === 'string') throw new Error('no address');
    const whileTaken = await isPortFree(bound.port);
    server.close();
    expect(whileTaken).to.equal(false);
    expect(await freePort()).to.not.equal(await freePort());
  });

  it('returns what a child printed and how it ended', async () => {
    const done = await run(process.execPath, ['-e', 'process.stdin.pipe(process.stdout); console.error("note"); process.exitCode = 3'], { input: 'text' });
    expect(done).to.include({ code: 3, signal: undefined, stdout: 'text', stderr: 'note\n' });
  });

  it('waits for a line, and fails when the child ends without it', async () => {
    const child = start(process.execPath, ['-e', 'console.log("ready on 4"); process.stdin.resume()']);
    expect((await child.printed(/ready on (\d)/))[1]).to.equal('4');
    child.stdin.end();
    const failure = await child.printed(/never/).catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(Error);
  });
});
