import { Args } from '@oclif/core';
import { systemClock } from '../base/clock.js';
import { CdnError } from '../base/errors.js';
import { shellWord } from '../base/printable.js';
import { BaseCommand } from '../cli/base-command.js';
import { fieldFlag, readOptional } from '../cli/flags.js';
import { DEFAULTS, loadSigningKeys, SIGN_FIELDS } from '../config/index.js';
import { signTarget } from '../net/http/signed-url.js';

export interface SignReport {
  readonly url: string;
  readonly expires: string;
  readonly key: string;
  readonly client?: string;
}

export default class Sign extends BaseCommand {
  static override summary = 'sign a URL for a store that serves signed URLs only';
  static override description =
    'Prints the URL with an expiry and a signature (HMAC-SHA256) by a key of the file that the store was given with --signed-urls. The signature covers path, query, expiry and client prefix, not the host. The file has a line "NAME SECRET" for each key, the secret in hexadecimal; the first one signs. Exit status: 0 signed, 2 usage, or keys that cannot be used.';
  static override examples = [
    { description: 'for an hour', command: '<%= config.bin %> <%= command.id %> http://127.0.0.1:40721/video1.mp4 --key-file keys' },
    { description: 'for a week, to one network only', command: '<%= config.bin %> <%= command.id %> http://127.0.0.1:40721/video1.mp4 --key-file keys --expires 168h --client 192.0.2.0/24' },
    { description: 'a key to begin with, and a store that wants it', command: '(umask 077; echo "key-1 $(openssl rand -hex 32)" > keys) && <%= config.bin %> store --signed-urls keys' },
  ];
  static override enableJsonFlag = true;
  static override args = { url: Args.string({ required: true, description: 'an http or https URL' }) };
  static override flags = {
    'key-file': fieldFlag(SIGN_FIELDS.keyFile),
    expires: fieldFlag(SIGN_FIELDS.expires, { defaultText: '1h' }),
    client: fieldFlag(SIGN_FIELDS.client, { defaultText: 'any' }),
    key: fieldFlag(SIGN_FIELDS.key, { defaultText: 'the first' }),
  };

  async run(): Promise<SignReport> {
    const { args, flags } = await this.parse(Sign);
    const file = readOptional('key-file', SIGN_FIELDS.keyFile, flags['key-file']);
    if (file === undefined) throw new CdnError('USAGE', '--key-file: which keys?', { suggestions: [`cdn sign ${shellWord(args.url)} --key-file FILE`] });
    const lastingMs = readOptional('expires', SIGN_FIELDS.expires, flags.expires) ?? DEFAULTS.signedMs;
    const client = readOptional('client', SIGN_FIELDS.client, flags.client);
    const id = readOptional('key', SIGN_FIELDS.key, flags.key);
    const url = URL.canParse(args.url) ? new URL(args.url) : undefined;
    if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
      throw new CdnError('USAGE', `expected an http or https URL, got ${JSON.stringify(args.url)}`, { suggestions: ['cdn sign http://127.0.0.1:40721/video1.mp4 --key-file FILE'] });
    }
    const { keys, isShared } = await loadSigningKeys(file);
    if (isShared) this.logToStderr(`warning: ${file} holds keys, and others than its owner have access to it; chmod 600 ${shellWord(file)}`);
    const key = id === undefined ? keys[0] : keys.find((known) => known.id === id);
    if (key === undefined) throw new CdnError('USAGE', `--key: there is no key ${String(id)} in ${file}; it has ${keys.map((known) => known.id).join(', ')}`, { details: { file } });
    const expires = Math.ceil((systemClock.now() + lastingMs) / 1000);
    const signed = `${url.origin}${signTarget(url.pathname + url.search, { expires, client }, key)}`;
    this.log(signed);
    return { url: signed, expires: new Date(expires * 1000).toISOString(), key: key.id, ...(client === undefined ? {} : { client }) };
  }
}
