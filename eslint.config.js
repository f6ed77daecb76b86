import tseslint from 'typescript-eslint';

// tsc sees neither a floating promise nor an import in the wrong direction; both bite here.
const mayNotImport = (folder, ...others) => ({
  files: [`${folder}/**/*.ts`],
  ignores: ['**/*.test.ts'],
  rules: {
    'no-restricted-imports': ['error', { patterns: others.map((other) => ({ regex: `^(\\.\\./)+${other}/`, message: `${folder}/ does not import ${other}/ (see CONTRIBUTING.md).` })) }],
  },
});

const effects = ['fs', 'fs/promises', 'net', 'tls', 'http', 'https', 'http2', 'dgram', 'child_process', 'worker_threads', 'timers', 'timers/promises', 'os'];

export default tseslint.config(
  { ignores: ['node_modules/', 'reports/out/', 'cli/bin.js', 'eslint.config.js'] },
  {
    files: ['**/*.ts'],
    languageOptions: { parser: tseslint.parser, parserOptions: { projectService: true } },
    plugins: { '@typescript-eslint': tseslint.plugin },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      eqeqeq: 'error',
    },
  },
  mayNotImport('fixtures', 'suites', 'scenarios', 'reports', 'cli'),
  mayNotImport('suites', 'scenarios', 'reports', 'cli'),
  mayNotImport('scenarios', 'reports', 'cli'),
  mayNotImport('reports', 'fixtures', 'suites', 'scenarios', 'cli'),
  {
    files: ['src/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-imports': ['error', {
        patterns: [{ regex: '^(\\.\\./)+(fixtures|suites|scenarios|reports|cli)/', message: 'src/ is pure and imports nothing of ours but src/.' }],
        paths: effects.flatMap((name) => [name, `node:${name}`]).map((name) => ({ name, message: 'src/ is pure: no sockets, processes, files, timers or clocks.' })),
      }],
      'no-restricted-globals': ['error', 'setTimeout', 'setInterval', 'fetch'],
    },
  },
);
