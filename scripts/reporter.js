// Mocha's own "spec" reporter, and at the end every skipped test by name. With TEST_COUNTS_FILE set
// the counts, and what failed and why, are written to that file too.

import { writeFileSync } from 'node:fs';
import Mocha from 'mocha';

export default class Reporter extends Mocha.reporters.Spec {
  static description = 'spec, and the skipped tests by name';

  constructor(runner, options) {
    super(runner, options);
    const skipped = [];
    const failures = [];
    runner.on(Mocha.Runner.constants.EVENT_TEST_PENDING, (test) => skipped.push(test.fullTitle()));
    runner.on(Mocha.Runner.constants.EVENT_TEST_FAIL, (test, error) => failures.push(`${test.fullTitle()}: ${error?.stack ?? error}`));
    runner.once(Mocha.Runner.constants.EVENT_RUN_END, () => {
      if (skipped.length > 0) Mocha.reporters.Base.consoleLog(`  Skipped:\n${skipped.map((title) => `    - ${title}`).join('\n')}\n`);
      const file = process.env.TEST_COUNTS_FILE;
      if (file === undefined) return;
      writeFileSync(file, JSON.stringify({ passed: this.stats.passes, failed: this.stats.failures, skipped: skipped.length, failures }));
    });
  }
}
