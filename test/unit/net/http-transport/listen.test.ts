import { expect } from 'chai';
import { CdnError } from '../../../../src/base/errors.js';
import { listenError } from '../../../../src/net/listen.js';

const failed = (code: string): Error => Object.assign(new Error(`listen ${code}`), { code });

describe('net/listen', () => {
  const CASES = [
    { code: 'EADDRINUSE', is: 'ADDRESS_IN_USE', message: 'the store cannot listen on [::1]:40721: the port is in use', suggestion: 'the same command with --listen [::1]:0, for a free port' },
    { code: 'EADDRNOTAVAIL', is: 'ADDRESS_UNAVAILABLE', message: 'the store cannot listen on [::1]:40721: this machine has no such address', suggestion: 'the same command with --listen [::1]:40721' },
    { code: 'EACCES', is: 'ADDRESS_UNAVAILABLE', message: 'the store cannot listen on [::1]:40721: permission denied', suggestion: 'the same command with --listen [::1]:0, for a free port' },
    { code: 'EWHATEVER', is: 'ADDRESS_UNAVAILABLE', message: 'the store cannot listen on [::1]:40721: listen EWHATEVER', suggestion: 'the same command with --listen [::1]:0, for a free port' },
  ];
  for (const { code, is, message, suggestion } of CASES) {
    it(`says what ${code} means, where, and what to type`, () => {
      const cause = failed(code);
      const error = listenError('the store', { address: '::1', port: 40_721 }, cause);
      expect(error).to.include({ code: is, message, cause });
      expect(error.exit).to.equal(6);
      expect(error.suggestions[0]).to.equal(suggestion);
      expect(error.details).to.include({ address: '::1', port: 40_721, system: code });
    });
  }

  it('leaves an error that already says it', () => {
    const error = new CdnError('ADDRESS_IN_USE', 'said');
    expect(listenError('the store', { address: '::1', port: 1 }, error)).to.equal(error);
  });
});
