// A file of keys: what is read of it, and what each mistake in it is called. No secret is ever told.

import { chmod, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { CdnError } from '../../../src/base/errors.js';
import { loadSigningKeys } from '../../../src/config/index.js';
import { useTempFolders } from '../../helpers/temp.js';

const SECRET = 'ab'.repeat(32);

describe('the keys of signed URLs', () => {
  const tempFolder = useTempFolders();
  async function write(text: string, mode = 0o600): Promise<string> {
    const file = path.join(await tempFolder(), 'keys');
    await writeFile(file, text);
    await chmod(file, mode);
    return file;
  }
  async function failure(file: string): Promise<CdnError> {
    try {
      await loadSigningKeys(file);
    } catch (error) {
      if (error instanceof CdnError) return error;
      throw error;
    }
    throw new Error('it was read');
  }

  it('are read in their order, comments and blank lines aside', async () => {
    const { keys, isShared } = await loadSigningKeys(await write(`# for the films\r\n\r\nnew  ${SECRET}\r\n\told_1 ${SECRET.toUpperCase()}\n`));
    expect(keys.map(({ id, secret }) => [id, Buffer.from(secret).toString('hex')])).to.deep.equal([['new', SECRET], ['old_1', SECRET]]);
    expect(isShared).to.equal(false);
  });

  for (const mode of [0o640, 0o604, 0o620]) {
    it(`tell that others have access, mode ${mode.toString(8)}`, async () => {
      expect((await loadSigningKeys(await write(`a ${SECRET}`, mode))).isShared).to.equal(true);
    });
  }

  const MISTAKES: readonly (readonly [text: string, says: string])[] = [
    ['', 'there is no key in it'],
    ['# nothing\n', 'there is no key in it'],
    [SECRET, 'line 1: expected a name and a secret'],
    [`a ${SECRET}\nb secret`, 'line 2: expected a name and a secret'],
    [`a ${SECRET} b`, 'line 1: expected a name and a secret'],
    [`a&b ${SECRET}`, 'line 1: expected a name and a secret'],
    ['a ab', 'line 1: the secret has 1 octets; at least 16 are needed'],
    [`a ${SECRET}a`, 'line 1: the secret has half an octet too many'],
    [`a ${SECRET}\na ${SECRET}`, 'line 2: there is a key a already'],
  ];
  for (const [text, says] of MISTAKES) {
    it(`${JSON.stringify(text.replaceAll(SECRET, '…'))}: ${says}`, async () => {
      const { code, message, details } = await failure(await write(text));
      expect([code, message.includes(says)], message).to.deep.equal(['USAGE', true]);
      expect(message + JSON.stringify(details)).not.to.contain(SECRET.slice(0, 32));
    });
  }

  it('are not looked for in a folder, in nothing, or in a film', async () => {
    expect((await failure(await tempFolder())).message).to.match(/^cannot read the keys in .*: EISDIR/);
    expect((await failure(path.join(await tempFolder(), 'none'))).message).to.match(/ENOENT/);
    expect((await failure(await write('x'.repeat(70_000)))).message).to.match(/too long for a file of keys/);
  });
});
