// What `npm test` runs: build, then type check and lint, then every test. With paths
// (`npm test -- test/unit`) the build and the tests there; --tests-only leaves the build out too.
//
// The last line is "N passed, N failed, N skipped", after every failure with its reason. A build, type check or lint that fails counts as
// one failure; the tests run all the same, so that one run tells everything.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const project = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const tool = (...parts) => path.join(project, 'node_modules', ...parts);

/** Runs a script under this Node; resolves with whether it succeeded. Its output is shown in one piece when `quiet`. */
function run(script, args, { quiet = false, env = process.env } = {}) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [script, ...args], { cwd: project, env, stdio: ['ignore', quiet ? 'pipe' : 'inherit', 'inherit'] });
    const output = [];
    child.stdout?.on('data', (part) => output.push(part));
    child.once('error', (error) => {
      console.error(`could not run ${script}: ${error.message}`);
      resolve(false);
    });
    child.once('close', (status) => {
      process.stdout.write(Buffer.concat(output));
      resolve(status === 0);
    });
  });
}

async function check(name, script, args) {
  const ok = await run(script, args, { quiet: true });
  console.log(`${ok ? '✔' : '✘'} ${name}`);
  return { name, ok };
}

function readCounts(file) {
  try {
    const { passed, failed, skipped, failures } = JSON.parse(readFileSync(file, 'utf8'));
    return { passed, failed, skipped, failures };
  } catch {
    return undefined;
  }
}

/** Runs mocha; whatever stops it before it has counted is one failure. --exit: a test that failed may have left something running. */
async function runTests(specs) {
  const folder = mkdtempSync(path.join(tmpdir(), 'cdn-counts-'));
  const file = path.join(folder, 'counts.json');
  try {
    const succeeded = await run(tool('mocha', 'bin', 'mocha.js'), ['--exit', '--reporter', 'scripts/reporter.js', ...specs], { env: { ...process.env, TEST_COUNTS_FILE: file } });
    const counts = readCounts(file) ?? { passed: 0, failed: 0, skipped: 0, failures: [] };
    return !succeeded && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function toSpec(given) {
  return statSync(path.resolve(project, given), { throwIfNoEntry: false })?.isDirectory() ? `${given.replace(/[\\/]+$/, '')}/**/*.test.ts` : given;
}

const args = process.argv.slice(2);
const testsOnly = args.includes('--tests-only');
const paths = args.filter((arg) => arg !== '--tests-only');

const checks = [];
if (!testsOnly) checks.push(await check('build', path.join(project, 'scripts', 'build.js'), []));
if (!testsOnly && paths.length === 0) {
  checks.push(...await Promise.all([
    check('type check', tool('typescript', 'bin', 'tsc'), ['-p', 'tsconfig.json']),
    check('lint', tool('eslint', 'bin', 'eslint.js'), ['.']),
  ]));
}
const counts = await runTests(paths.length === 0 ? ['test/**/*.test.ts'] : paths.map(toSpec));
const passed = counts.passed + checks.filter(({ ok }) => ok).length;
const failed = counts.failed + checks.filter(({ ok }) => !ok).length;
// No test at all is a mistake in the paths or in this script, never a success.
process.exitCode = failed > 0 || counts.passed === 0 ? 1 : 0;
// Once more at the end, where a log that was cut still has it.
if (failed > 0) console.log(['What failed:', ...checks.filter(({ ok }) => !ok).map(({ name }) => name), ...counts.failures, ''].join('\n'));
console.log(`${passed} passed, ${failed} failed, ${counts.skipped} skipped`);
