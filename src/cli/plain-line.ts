// A command line in which nothing is doubtful, read without oclif: loading that takes longer than many a
// fetch. Whatever is not understood at once is left to oclif, the judge of what is right and the one who says
// what is wrong.

/** What oclif's flags and arguments are made of, as far as it matters here. */
export interface PlainFlag {
  readonly type: 'boolean' | 'option';
  readonly char?: string | undefined;
  readonly env?: string | undefined;
  readonly multiple?: boolean | undefined;
  readonly multipleNonGreedy?: boolean | undefined;
  readonly allowNo?: boolean | undefined;
  readonly options?: readonly string[] | undefined;
  readonly exclusive?: readonly unknown[] | undefined;
  readonly default?: unknown;
}

export interface PlainSyntax {
  readonly flags: Readonly<Record<string, PlainFlag>>;
  readonly args: Readonly<Record<string, { readonly multiple?: boolean | undefined }>>;
}

export interface PlainLine {
  readonly flags: Readonly<Record<string, unknown>>;
  readonly args: Readonly<Record<string, readonly string[]>>;
}

/** Rules between flags that only oclif knows. */
const RULES: readonly string[] = ['dependsOn', 'relationships', 'exactlyOne', 'atLeastOne', 'combinable', 'required', 'delimiter', 'deprecated', 'deprecateAliases', 'aliases', 'charAliases', 'allowStdin'];

const isWord = (text: string | undefined): text is string => text !== undefined && (text === '-' || !text.startsWith('-'));

interface Typed {
  readonly name: string;
  /** true or false of a switch. */
  readonly value: string | boolean;
  /** The words that it takes. */
  readonly words: number;
}

/** Not what every object has, such as "constructor". */
const own = (flags: PlainSyntax['flags'], name: string): PlainFlag | undefined => (Object.hasOwn(flags, name) ? flags[name] : undefined);

/** What the word that begins with a dash says, and the word behind it. */
function readTyped(word: string, next: string | undefined, flags: PlainSyntax['flags']): Typed | undefined {
  const [, long, given] = /^--([^=]+)(?:=(.*))?$/s.exec(word) ?? [];
  if (long !== undefined) {
    const flag = own(flags, long);
    if (flag === undefined) {
      const denied = long.startsWith('no-') ? long.slice(3) : '';
      return given === undefined && own(flags, denied)?.allowNo === true ? { name: denied, value: false, words: 1 } : undefined;
    }
    if (flag.type === 'boolean') return given === undefined ? { name: long, value: true, words: 1 } : undefined;
    if (given !== undefined) return isWord(given) ? { name: long, value: given, words: 1 } : undefined;
    return isWord(next) ? { name: long, value: next, words: 2 } : undefined;
  }
  const name = Object.keys(flags).find((key) => flags[key]?.char === word[1]);
  if (name === undefined || word.length !== 2) return undefined;
  if (flags[name]?.type === 'boolean') return { name, value: true, words: 1 };
  return isWord(next) ? { name, value: next, words: 2 } : undefined;
}

/** Whether oclif would have nothing to say about a value of this flag. */
function isAllowed(flag: PlainFlag, value: string | boolean, had: boolean): boolean {
  if (RULES.some((rule) => rule in flag)) return false;
  if (flag.type === 'boolean') return true;
  if (flag.multiple === true ? flag.multipleNonGreedy !== true : had) return false;
  return flag.options === undefined || flag.options.includes(String(value));
}

function isFree(name: string, flag: PlainFlag, given: ReadonlyMap<string, unknown>): boolean {
  return (flag.exclusive ?? []).every((other) => typeof other === 'string' && (other === name || !given.has(other)));
}

/**
 * What oclif would make of the line; undefined where it is not plain: a `--`, a value that begins with a dash,
 * a flag that stands for nothing known, a variable of the environment that has a say, anything that is wrong.
 */
export function readPlainLine({ flags, args }: PlainSyntax, words: readonly string[], env: Readonly<Record<string, string | undefined>>): PlainLine | undefined {
  const [target, ...more] = Object.keys(args);
  if (target === undefined || more.length > 0 || args[target]?.multiple !== true) return undefined;
  const all = Object.entries(flags);
  if (all.some(([, flag]) => (flag.env !== undefined && env[flag.env] !== undefined) || typeof flag.default === 'function' || 'required' in flag || 'exactlyOne' in flag || 'atLeastOne' in flag)) return undefined;
  const given = new Map<string, unknown>();
  const targets: string[] = [];
  for (let at = 0; at < words.length; ) {
    const word = words[at] ?? '';
    if (isWord(word)) {
      targets.push(word);
      at += 1;
      continue;
    }
    const typed = readTyped(word, words[at + 1], flags);
    const flag = flags[typed?.name ?? ''];
    if (typed === undefined || flag === undefined || !isAllowed(flag, typed.value, given.has(typed.name))) return undefined;
    const before = given.get(typed.name);
    given.set(typed.name, flag.multiple === true ? [...(Array.isArray(before) ? (before as readonly unknown[]) : []), typed.value] : typed.value);
    at += typed.words;
  }
  if (all.some(([name, flag]) => given.has(name) && !isFree(name, flag, given))) return undefined;
  const defaults = all.filter(([name, flag]) => flag.default !== undefined && !given.has(name)).map(([name, flag]): [string, unknown] => [name, flag.default]);
  return { flags: Object.fromEntries([...given, ...defaults]), args: targets.length === 0 ? {} : { [target]: targets } };
}
