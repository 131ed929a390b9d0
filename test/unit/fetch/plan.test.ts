import { expect } from 'chai';
import { CdnError, type ErrorCode } from '../../../src/base/errors.js';
import { parseTarget } from '../../../src/fetch/plan.js';

function errorOf(target: string): CdnError {
  try {
    parseTarget(target);
  } catch (error) {
    if (error instanceof CdnError) return error;
    throw error;
  }
  throw new Error(`"${target}" was accepted`);
}

describe('fetch: what the user typed', () => {
  const titles: readonly (readonly [string, string, string | undefined])[] = [
    ['hiscinema.com/File1', 'hiscinema.com', 'File1'],
    ['HisCinema.COM/file1', 'hiscinema.com', 'file1'],
    ['hiscinema.com./File2', 'hiscinema.com', 'File2'],
    ['www.hiscinema.com/File1', 'www.hiscinema.com', 'File1'],
    ['  hiscinema.com/File1  ', 'hiscinema.com', 'File1'],
    ['hiscinema.com/F1', 'hiscinema.com', 'F1'],
    ['hiscinema.com', 'hiscinema.com', undefined],
    ['hiscinema.com/', 'hiscinema.com', undefined],
  ];
  for (const [target, site, title] of titles) {
    it(`"${target}" is a title`, () => expect(parseTarget(target)).to.deep.equal({ kind: 'title', site, title }));
  }

  const urls: readonly (readonly [string, string])[] = [
    ['http://127.0.0.1:40721/video1.mp4', 'http://127.0.0.1:40721/video1.mp4'],
    ['HTTP://Example.COM/a b', 'http://example.com/a%20b'],
    ['https://[::1]:8443/x?y=1#z', 'https://[::1]:8443/x?y=1#z'],
    // RFC 3986 §5.2.4: dot segments go before anything is sent, encoded ones too (WHATWG URL).
    ['http://example.com/a/../../%2e%2e/etc', 'http://example.com/etc'],
    ['http://hiscinema.com/F1/', 'http://hiscinema.com/F1/'],
  ];
  for (const [target, href] of urls) {
    it(`"${target}" is a URL`, () => {
      const plan = parseTarget(target);
      expect(plan.kind === 'url' ? plan.url.href : plan.kind).to.equal(href);
    });
  }

  const refused: readonly (readonly [string, ErrorCode, RegExp, string?])[] = [
    ['', 'USAGE', /empty/, 'cdn fetch hiscinema.com/File1'],
    ['   ', 'USAGE', /empty/],
    ['hiscinema.com/File1\0', 'USAGE', /control characters/],
    ['http://a.test/\u001b[31m', 'USAGE', /control characters/],
    ['hiscinema.com/..', 'NO_SUCH_TITLE', /no title "\.\."/],
    ['hiscinema.com/%2e%2e', 'NO_SUCH_TITLE', /%2e%2e/],
    ['hiscinema.com/../../etc/passwd', 'NO_SUCH_TITLE', /letters and digits/],
    ['hiscinema.com//File1', 'NO_SUCH_TITLE', /letters and digits/],
    ['hiscinema.com/File1/', 'NO_SUCH_TITLE', /letters and digits/],
    ['hiscinema.com/File1?x=1', 'NO_SUCH_TITLE', /letters and digits/],
    ['hiscinema.com/File 1', 'NO_SUCH_TITLE', /letters and digits/],
    [`hiscinema.com/${'a'.repeat(5000)}`, 'NO_SUCH_TITLE', /…/],
    ['hiscinema.com/\u202eFile1', 'NO_SUCH_TITLE', /"\\u202eFile1"/],
    ['hiscinema.com:40720/File1', 'USAGE', /found by DNS/, 'cdn fetch hiscinema.com/File1'],
    ['localhost:8080/x', 'USAGE', /begins with http/, 'cdn fetch http://localhost:8080/x'],
    ['file1.hiscinema.com', 'USAGE', /is where content is/, 'cdn fetch hiscinema.com/file1'],
    ['File1.hercdn.com/video1.mp4', 'USAGE', /file1\.hercdn\.com is where content is/, 'cdn fetch hiscinema.com/File1'],
    ['localhost/x', 'USAGE', /begins with http/, 'cdn fetch http://localhost/x'],
    ['127.0.0.1:40721/video1.mp4', 'USAGE', /begins with http/, 'cdn fetch http://127.0.0.1:40721/video1.mp4'],
    ["example.com/a?b&c'd", 'USAGE', /begins with http/, "cdn fetch 'http://example.com/a?b&c%27d'"],
    ['File1', 'USAGE', /begins with its site/, 'cdn fetch hiscinema.com/File1'],
    ['/etc/passwd', 'USAGE', /neither a title/],
    ['../x', 'USAGE', /neither a title/],
    ['..', 'USAGE', /neither a title/],
    ['ftp://example.com/x', 'USAGE', /ftp is not/],
    ['file:///etc/passwd', 'USAGE', /file is not/],
    ['http://', 'USAGE', /not a valid URL/],
    ['http://[::1/x', 'USAGE', /not a valid URL/],
    ['http://a.test:99999/', 'USAGE', /not a valid URL/],
    ['http:' + '//user:secret@example.com/x', 'USAGE', /passwords/, 'cdn fetch http://example.com/x'],
  ];
  for (const [target, code, message, suggestion] of refused) {
    it(`${JSON.stringify(target.slice(0, 40))} is refused: ${code}`, () => {
      const error = errorOf(target);
      expect(error.code).to.equal(code);
      expect(error.message).to.match(message);
      expect(error.message).not.to.match(/\p{Cc}|secret/u);
      if (suggestion !== undefined) expect(error.suggestions).to.include(suggestion);
      expect(error.suggestions).not.to.deep.equal([]);
    });
  }
});
