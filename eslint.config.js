// What the type checker doesn't see. Who may import what, and who may touch the clock, a socket or the
// process, is held by test/architecture/.

import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'videos/', 'coverage/'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      'no-param-reassign': 'error',
      'no-sequences': 'error',
      'object-shorthand': ['error', 'properties'],
      'prefer-const': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allow: [{ from: 'file', name: 'Name' }] }],
      // Octets within bounds that were just checked: `as number` says that it is known, `!` that it is hoped.
      '@typescript-eslint/non-nullable-type-assertion-style': 'off',
      // Objects here are closures; there is no `this` to lose.
      '@typescript-eslint/unbound-method': 'off',
      // The checker doesn't see that a callback, or an await, changed what was tested a line above.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-empty-function': ['error', { allow: ['arrowFunctions', 'generatorFunctions'] }],
      // An async function without an await keeps a contract: it rejects where another would throw.
      '@typescript-eslint/require-await': 'off',
    },
  },
  {
    files: ['test/**/*.ts', 'bench/**/*.ts'],
    rules: {
      // chai's `expect(x).to.be.true` is an expression.
      '@typescript-eslint/no-unused-expressions': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-misused-spread': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/dot-notation': 'off',
    },
  },
  { files: ['**/*.js'], rules: { eqeqeq: 'error', 'prefer-const': 'error', 'no-unused-vars': 'error', 'object-shorthand': 'error' } },
);
