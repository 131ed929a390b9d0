// What a command needs of oclif when its line is plain. scripts/build.js puts this in oclif's place in
// dist/quick/; where the line is not plain, bin/run.js goes on with oclif itself.

import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { readPlainLine, type PlainFlag, type PlainLine, type PlainSyntax } from './plain-line.js';

type Options = Readonly<Record<string, unknown>>;

/** The definitions are all that is read of them. */
const option = (given: Options = {}) => ({ ...given, type: 'option' });

export const Flags = {
  boolean: (given: Options = {}) => ({ ...given, type: 'boolean' }),
  string: option,
  option: (given: Options) => () => option(given),
};

export const Args = { string: (given: Options = {}) => ({ ...given }) };

/** The line is one for oclif; nothing has been done yet. */
class NotPlain extends Error {
  override readonly name = 'NotPlain';
}

class Exit extends Error {
  override readonly name = 'Exit';
  readonly status: number;

  constructor(status: number) {
    super(`exit ${status}`);
    this.status = status;
  }
}

interface Syntax {
  readonly flags?: Readonly<Record<string, PlainFlag>>;
  readonly baseFlags?: Readonly<Record<string, PlainFlag>>;
  readonly args?: PlainSyntax['args'];
}

/** oclif and its ways of being looked into have variables of their own. */
const OCLIF_VARIABLES = /^(?:DEBUG|CLI_FLAGS_DEBUG|OCLIF_.*|CDN_(?:CONTENT_TYPE|REDIRECTED))$/;

function line(message: unknown): string {
  return `${typeof message === 'string' ? message : inspect(message)}\n`;
}

export abstract class Command {
  protected readonly argv: string[];
  protected readonly id: string;
  protected readonly config = {
    get version(): string {
      const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
      return version;
    },
  };

  constructor(id: string, argv: readonly string[]) {
    this.id = id;
    this.argv = [...argv];
  }

  /** The command's exit status; undefined when the line is not plain, and nothing was done. */
  static async runPlain(this: new (id: string, argv: readonly string[]) => Command, id: string, argv: readonly string[]): Promise<number | undefined> {
    if (Object.keys(process.env).some((name) => OCLIF_VARIABLES.test(name))) return undefined;
    // A reader of the standard output that leaves, such as head, is no failure.
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
    const command = new this(id, argv);
    try {
      await command.run().catch((error: unknown) => {
        if (error instanceof NotPlain) throw error;
        return command.catch(error);
      });
      return 0;
    } catch (error) {
      if (error instanceof NotPlain) return undefined;
      if (error instanceof Exit) return error.status;
      throw error;
    }
  }

  abstract run(): Promise<unknown>;

  protected catch(error: unknown): Promise<unknown> {
    throw error;
  }

  protected get ctor(): typeof Command & Syntax {
    return this.constructor as typeof Command & Syntax;
  }

  protected parse(syntax: Syntax, argv: readonly string[]): Promise<PlainLine> {
    // Of --json oclif makes flag and form; a line with it is not plain.
    const read = readPlainLine({ flags: { ...syntax.baseFlags, ...syntax.flags }, args: syntax.args ?? {} }, argv, process.env);
    return read === undefined ? Promise.reject(new NotPlain('the line')) : Promise.resolve(read);
  }

  protected jsonEnabled(): boolean {
    return false;
  }

  protected log(message: unknown = ''): void {
    process.stdout.write(line(message));
  }

  protected logToStderr(message: unknown = ''): void {
    process.stderr.write(line(message));
  }

  protected logJson(value: unknown): void {
    process.stdout.write(line(JSON.stringify(value, undefined, 2)));
  }

  protected exit(status: number): never {
    throw new Exit(status);
  }
}
