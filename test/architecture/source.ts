// The project's own files as data, and what TypeScript's parser says about them: the material of the
// rules beside this file.

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { PROJECT } from '../helpers/process.js';

export interface Source {
  /** From the project's top folder, with forward slashes: "src/dns/index.ts". */
  readonly path: string;
  readonly text: string;
}

/** A rule of the house: a pure function over files, with examples that it must refuse. */
export interface Rule {
  readonly name: string;
  /** One line for each breach: "src/a/b.ts:12 what is wrong". None when the rule is kept. */
  check(sources: readonly Source[]): readonly string[];
  /** Each a small tree that breaks the rule. A rule that lets one pass is no rule. */
  readonly breaches: readonly (readonly Source[])[];
  /** Trees that look like a breach and are none. */
  readonly kept?: readonly (readonly Source[])[];
}

const NOT_OURS = new Set(['node_modules', 'dist', '.git', 'coverage', 'downloads']);
const BINARY = /\.(mp4|png|jpg|ico|gz|tgz|bin|cpuprofile)$/;

/** Every text file of the project, dependencies and build results aside. */
export function readTree(folder = ''): readonly Source[] {
  return readdirSync(path.join(PROJECT, folder), { withFileTypes: true })
    .filter((entry) => !NOT_OURS.has(entry.name))
    .flatMap((entry) => {
      const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) return readTree(name);
      return entry.isFile() && !BINARY.test(name) ? [{ path: name, text: readFileSync(path.join(PROJECT, name), 'utf8') }] : [];
    })
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The project's file, or undefined when there is none. */
export function readProjectFile(name: string): string | undefined {
  const file = path.join(PROJECT, name);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

export const isCode = (source: Source): boolean => /\.[jt]s$/.test(source.path);
export const isProduct = (source: Source): boolean => source.path.startsWith('src/') && source.path.endsWith('.ts');

const parsed = new WeakMap<Source, ts.SourceFile>();

export function parse(source: Source): ts.SourceFile {
  const known = parsed.get(source);
  if (known) return known;
  const kind = source.path.endsWith('.js') ? ts.ScriptKind.JS : ts.ScriptKind.TS;
  const file = ts.createSourceFile(source.path, source.text, ts.ScriptTarget.ESNext, true, kind);
  parsed.set(source, file);
  return file;
}

/** Calls `visit` for every node of the file, parents first. */
export function walk(source: Source, visit: (node: ts.Node) => void): void {
  const step = (node: ts.Node): void => {
    visit(node);
    ts.forEachChild(node, step);
  };
  step(parse(source));
}

/** "src/a/b.ts:12": where a breach stands. */
export function place(source: Source, node: ts.Node): string {
  const file = parse(source);
  return `${source.path}:${file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1}`;
}

export interface Import {
  readonly node: ts.Node;
  /** As written: "../base/clock.js", "node:net", "undici". */
  readonly specifier: string;
  /** For one of ours, the file: "src/base/clock.ts"; otherwise undefined. */
  readonly file: string | undefined;
}

/** What the file imports or exports from elsewhere: statements, `import('…')`, `require('…')`, and types. */
export function importsOf(source: Source): readonly Import[] {
  const found: Import[] = [];
  const add = (node: ts.Node, literal: ts.Node | undefined): void => {
    if (!literal || !ts.isStringLiteralLike(literal)) return;
    const specifier = literal.text;
    const file = specifier.startsWith('.') ? path.posix.join(path.posix.dirname(source.path), specifier).replace(/\.js$/, source.path.endsWith('.ts') ? '.ts' : '.js') : undefined;
    found.push({ node, specifier, file });
  };
  walk(source, (node) => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) add(node, node.moduleSpecifier);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node, node.argument.literal);
    else if (ts.isCallExpression(node) && (node.expression.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(node.expression) && node.expression.text === 'require'))) add(node, node.arguments[0]);
  });
  return found;
}

/** The package of a bare specifier: "@oclif/core/flags" -> "@oclif/core"; undefined for our files and Node's modules. */
export function packageOf(specifier: string): string | undefined {
  if (specifier.startsWith('.') || specifier.startsWith('node:')) return undefined;
  return specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}
