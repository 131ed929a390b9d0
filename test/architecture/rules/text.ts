// What may stand in a file, and how long it may be.

import ts from 'typescript';
import { isCode, isProduct, place, walk, type Rule, type Source } from '../source.js';

/** oclif finds a command, or a hook, by its default export. */
const isOclifs = (source: Source): boolean => /^src\/(commands|cli\/hooks)\//.test(source.path);

const file = (path: string, text: string): Source => ({ path, text });

export const lineCount = (source: Source): number => source.text.split('\n').length - (source.text.endsWith('\n') ? 1 : 0);

/** The middle of the product's files by length; 0 without any. */
export function medianLineCount(sources: readonly Source[]): number {
  const counts = sources.filter(isProduct).map(lineCount).sort((a, b) => a - b);
  return counts[Math.floor(counts.length / 2)] ?? 0;
}

function linesMatching(source: Source, pattern: RegExp): readonly string[] {
  return source.text.split('\n').flatMap((line, index) => {
    const match = pattern.exec(line);
    return match ? [`${source.path}:${index + 1} says "${match[0]}"`] : [];
  });
}

export const fileLength: Rule = {
  name: 'no file over 400 lines, no command of 80 or more',
  check: (sources) => sources.filter((source) => isCode(source)).flatMap((source) => {
    const lines = lineCount(source);
    const most = source.path.startsWith('src/commands/') ? 79 : 400;
    return lines > most ? [`${source.path} has ${lines} lines; at most ${most}`] : [];
  }),
  breaches: [[file('src/net/http/server.ts', 'x;\n'.repeat(401))], [file('src/commands/up.ts', 'x;\n'.repeat(80))], [file('test/unit/a.test.ts', 'x;\n'.repeat(401))]],
  kept: [[file('src/net/http/server.ts', 'x;\n'.repeat(400)), file('src/commands/up.ts', 'x;\n'.repeat(79)), file('package-lock.json', '\n'.repeat(9000))]],
};

export const openings: Rule = {
  name: 'a file opens with what it owns, in one to four lines (a command with its summary, a door with its names)',
  check: (sources) => sources.filter((source) => isProduct(source) && !source.path.endsWith('/index.ts') && !source.path.startsWith('src/commands/')).flatMap((source) => {
    const lines = source.text.split('\n');
    const opening = lines.findIndex((line) => !line.startsWith('//'));
    return opening >= 1 && opening <= 4 ? [] : [`${source.path} opens with ${opening} lines of comment`];
  }),
  breaches: [[file('src/net/a.ts', "import x from 'y';\n")], [file('src/net/a.ts', `${'// words\n'.repeat(5)}x;\n`)]],
  kept: [[file('src/net/a.ts', '// What it owns.\n\nx;\n'), file('src/web/index.ts', "export * from './x.js';\n")]],
};

/** The rules quote what they forbid. */
const isRuleBook = (source: Source): boolean => source.path.startsWith('test/architecture/rules/');

const LEFT_OVER = /\b(TODO|FIXME|XXX|HACK)\b/;
const SILENCER = /@ts-(ignore|expect-error|nocheck)|eslint-disable/;

export const noLeftovers: Rule = {
  name: 'nothing is left for later in a comment, and no checker is silenced',
  check: (sources) => sources.filter((source) => (isCode(source) || source.path.endsWith('.md')) && !isRuleBook(source))
    .flatMap((source) => [...linesMatching(source, LEFT_OVER), ...linesMatching(source, SILENCER)]),
  breaches: [
    [file('src/a/b.ts', 'x; // TODO: later')],
    [file('docs/x.md', 'FIXME')],
    [file('test/a.test.ts', '// @ts-ignore\nx;')],
    [file('src/a/b.ts', '/* eslint-disable */')],
  ],
  kept: [[file('src/a/b.ts', 'const todos = 1;')]],
};

export const noAny: Rule = {
  name: 'no any, no enum, no namespace, no default export but a command\'s or a hook\'s',
  check: (sources) => sources.filter((source) => source.path.endsWith('.ts')).flatMap((source) => {
    const found: string[] = [];
    walk(source, (node) => {
      if (node.kind === ts.SyntaxKind.AnyKeyword) found.push(`${place(source, node)} says any`);
      if (ts.isEnumDeclaration(node) || ts.isModuleDeclaration(node)) found.push(`${place(source, node)} declares an enum or a namespace`);
      const isDefault = ts.isExportAssignment(node) || (ts.canHaveModifiers(node) && ts.getModifiers(node)?.some((modifier) => modifier.kind === ts.SyntaxKind.DefaultKeyword) === true);
      if (isDefault && !isOclifs(source)) found.push(`${place(source, node)} has a default export`);
    });
    return found;
  }),
  breaches: [
    [file('src/a/b.ts', 'export const x = y as any;')],
    [file('src/a/b.ts', 'export function f(list: any[]) {}')],
    [file('src/a/b.ts', 'export enum E { A }')],
    [file('src/a/b.ts', 'namespace N { export const x = 1; }')],
    [file('src/a/b.ts', 'export default class B {}')],
    [file('test/a.test.ts', 'const x = 1; export default x;')],
  ],
  kept: [[file('src/commands/up.ts', 'export default class Up {}'), file('src/a/b.ts', 'const any = 1; // any video')]],
};

export const testsRun: Rule = {
  name: 'no test is switched off or run alone: one that needs a program says so with itWith',
  check: (sources) => sources.filter((source) => source.path.startsWith('test/')).flatMap((source) => {
    const found: string[] = [];
    walk(source, (node) => {
      if (!ts.isCallExpression(node)) return;
      const called = node.expression.getText();
      if (/^(it|test|describe|context|specify)\.(skip|only)$|^x(it|describe|context|specify)$/.test(called)) found.push(`${place(source, node)} calls ${called}`);
    });
    return found;
  }),
  breaches: [[file('test/a.test.ts', "it.skip('x', () => {});")], [file('test/a.test.ts', "xdescribe('x', () => {});")], [file('test/a.test.ts', "describe.only('x', () => {});")]],
  kept: [[file('test/a.test.ts', "it('x', () => {}); itWith('dig', 'y', () => {});")]],
};

/** Hosts a reader may be sent to: this machine, names kept for examples (RFC 2606), our two zones, and who made the standards. */
const KNOWN_HOST = /^(localhost|\[.*|[\d.]+|(.+\.)?(hiscinema\.com|hercdn\.com|example(\.(com|net|org))?|invalid|test|localhost)|(www\.)?(rfc-editor\.org|w3\.org|iana\.org|datatracker\.ietf\.org|schema\.org|github\.com|keepachangelog\.com|semver\.org|nodejs\.org|gaia\.cs\.umass\.edu))$/i;

const FOLDER_OF_SOMEBODY = /\/home\/[a-z]|\/root\/|\/work\/|[A-Z]:\\Users/;

export const hosts: Rule = {
  name: 'an address in the text leads to this machine, an example or a standard; none to somebody\'s folder',
  check: (sources) => sources.filter((source) => source.path !== 'package-lock.json' && !isRuleBook(source)).flatMap((source) => [
    ...source.text.split('\n').flatMap((line, index) =>
      [...line.matchAll(/\b(?:https?|wss?|git|ssh):\/\/(\[[^\]\s]*\]|[A-Za-z0-9.-]+[A-Za-z0-9])/g)]
        // What a program puts together has no host to judge: `http://${host}/`, "http://file" + number.
        .filter((match) => (match[1] ?? '').includes('.') && !KNOWN_HOST.test(match[1] ?? ''))
        .map((match) => `${source.path}:${index + 1} leads to ${match[0]}`)),
    ...linesMatching(source, FOLDER_OF_SOMEBODY),
  ]),
  breaches: [
    [file('README.md', 'See https://evil.somewhere.io/x')],
    [file('src/a/b.ts', "const registry = 'http://npm.corp:8080';")],
    [file('docs/x.md', 'cd /home/alice/cdn')],
  ],
  kept: [[file('README.md', 'http://127.0.0.1:40720/ http://file1.hiscinema.com:40721/video1.mp4 https://www.rfc-editor.org/rfc/rfc9110 http://[::1]:80/')]],
};
