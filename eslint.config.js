import tseslint from 'typescript-eslint';

// tsc sees neither a floating promise nor an import in the wrong direction; both bite here.

// Each may import those after it, and none before it.
const layers = ['cli', 'engine', 'plans', 'suites', 'scenarios', 'impostors', 'fixtures', 'mesh', 'spiffe', 'src'];
// Neighbours that do not lean on each other.
const apart = {
  suites: ['scenarios', 'impostors'],
  scenarios: ['impostors'],
  mesh: [],
  reports: layers.filter((layer) => layer !== 'src'),
};

const may = (folder, others) => ({
  files: [`${folder}/**/*.ts`],
  ignores: ['**/*.test.ts'],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: others.map((other) => ({
          regex: `^(\\.\\./)+${other}/`,
          message: `${folder}/ does not import ${other}/ (see CONTRIBUTING.md).`,
        })),
        ...(folder === 'src' && {
          paths: effects
            .flatMap((name) => [name, `node:${name}`])
            .map((name) => ({ name, message: 'src/ is pure: no sockets, processes, files, timers or clocks.' })),
        }),
      },
    ],
  },
});

const effects = [
  ...['fs', 'fs/promises', 'net', 'tls', 'http', 'https', 'http2', 'dgram'],
  ...['child_process', 'worker_threads', 'timers', 'timers/promises', 'os'],
];

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
  ...layers.map((layer, at) =>
    may(layer, [...layers.slice(0, at), ...(layer === 'cli' ? [] : ['reports']), ...(apart[layer] ?? [])]),
  ),
  may('reports', apart.reports),
  {
    files: ['src/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: { 'no-restricted-globals': ['error', 'setTimeout', 'setInterval', 'fetch'] },
  },
);
