// What package.json and the lockfile promise: every package used is declared, every declared one is
// used, and the lockfile names no place it was fetched from.

import { isBuiltin } from 'node:module';
import { importsOf, isCode, packageOf, place, type Rule, type Source } from '../source.js';

const file = (path: string, text: string): Source => ({ path, text });

interface Manifest {
  readonly dependencies: readonly string[];
  readonly devDependencies: readonly string[];
  readonly scripts: string;
}

function keysOf(value: unknown): readonly string[] {
  return typeof value === 'object' && value !== null ? Object.keys(value) : [];
}

function readManifest(sources: readonly Source[]): Manifest {
  const parsed: unknown = JSON.parse(sources.find((source) => source.path === 'package.json')?.text ?? '{}');
  const field = (name: string): unknown => (typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>)[name] : undefined);
  return { dependencies: keysOf(field('dependencies')), devDependencies: keysOf(field('devDependencies')), scripts: JSON.stringify(field('scripts') ?? {}) };
}

/** What users run: the rest is for those who build. */
const isShipped = (source: Source): boolean => source.path.startsWith('src/') || source.path === 'bin/run.js';

function usesOf(sources: readonly Source[]): readonly { readonly name: string; readonly where: string; readonly shipped: boolean }[] {
  return sources.filter(isCode).flatMap((source) => importsOf(source).flatMap(({ node, specifier }) => {
    const name = packageOf(specifier);
    return name === undefined || isBuiltin(specifier) ? [] : [{ name, where: place(source, node), shipped: isShipped(source) }];
  }));
}

export const declared: Rule = {
  name: 'every package used is declared, and no product file needs a development dependency',
  check: (sources) => {
    const manifest = readManifest(sources);
    return usesOf(sources).flatMap(({ name, where, shipped }) => {
      if (manifest.dependencies.includes(name)) return [];
      if (manifest.devDependencies.includes(name)) return shipped ? [`${where} imports ${name}, a development dependency`] : [];
      return [`${where} imports ${name}, which package.json doesn't have`];
    });
  },
  breaches: [
    [file('package.json', '{}'), file('src/a/b.ts', "import { lookup } from 'mrmime';")],
    [file('package.json', '{"devDependencies":{"chai":"6"}}'), file('src/a/b.ts', "import { expect } from 'chai';")],
    [file('package.json', '{}'), file('test/a.test.ts', "import { expect } from 'chai';")],
  ],
  kept: [[file('package.json', '{"dependencies":{"@oclif/core":"4"},"devDependencies":{"chai":"6"}}'), file('src/cli/b.ts', "import { Flags } from '@oclif/core/flags'; import fs from 'fs';"), file('test/a.test.ts', "import { expect } from 'chai';")]],
};

export const used: Rule = {
  name: 'every declared package is used',
  check: (sources) => {
    const manifest = readManifest(sources);
    const uses = usesOf(sources);
    // Tools are run, not imported: by a script, by mocha's settings, or by their path.
    const runs = sources.filter((source) => source.path.startsWith('scripts/') || source.path === '.mocharc.json').map((source) => source.text).join('\n') + manifest.scripts;
    const isRun = (name: string): boolean => new RegExp(`(^|[^\\w@/-])${name.replace(/[/\\^$*+?.()|[\]{}]/g, '\\$&')}($|[^\\w-])`, 'm').test(runs);
    const isUsed = (name: string): boolean => uses.some((use) => use.name === name);
    // Types of a package that is used, or of Node.
    const isTypes = (name: string): boolean => name === '@types/node' || (name.startsWith('@types/') && (isUsed(name.slice(7)) || isRun(name.slice(7))));
    return [
      ...manifest.dependencies.filter((name) => !uses.some((use) => use.name === name && use.shipped)).map((name) => `package.json depends on ${name}, which neither src/ nor bin/ imports`),
      ...manifest.devDependencies.filter((name) => !isUsed(name) && !isRun(name) && !isTypes(name)).map((name) => `package.json has ${name} for development, which nothing uses`),
    ];
  },
  breaches: [
    [file('package.json', '{"dependencies":{"left-pad":"1"}}')],
    [file('package.json', '{"dependencies":{"chai":"6"}}'), file('test/a.test.ts', "import 'chai';")],
    [file('package.json', '{"devDependencies":{"left-pad":"1"}}')],
    [file('package.json', '{"devDependencies":{"@types/left-pad":"1"}}')],
  ],
  kept: [[file('package.json', '{"dependencies":{"mrmime":"2"},"devDependencies":{"eslint":"10","tsx":"4","@types/node":"20","chai":"6","@types/chai":"5"},"scripts":{"lint":"eslint ."}}'), file('.mocharc.json', '{"node-option":["import=tsx"]}'), file('src/a/b.ts', "import { lookup } from 'mrmime';"), file('test/a.test.ts', "import 'chai';")]],
};

export const lockfile: Rule = {
  name: 'the lockfile names no place a package was fetched from',
  check: (sources) => sources.filter((source) => source.path === 'package-lock.json').flatMap((source) =>
    source.text.split('\n').flatMap((line, index) => (/"resolved"|https?:\/\//.test(line.replace(/"(url|funding)": "https:[^"]*"|^ *"https:[^"]*",?$/, '')) ? [`${source.path}:${index + 1} ${line.trim()}`] : []))),
  breaches: [[file('package-lock.json', '{\n"resolved": "http://127.0.0.1/x.tgz"\n}')]],
  kept: [[file('package-lock.json', '{\n"integrity": "sha512-x",\n"url": "https://example.org/eslint",\n"funding": [\n"https://example.org/a",\n"https://example.org/b"\n]\n}')]],
};
