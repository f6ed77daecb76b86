import tseslint from 'typescript-eslint';

// tsc sees neither a floating promise nor an import in the wrong direction; both bite here.

// Each may import those after it, and none before it.
const layers = 'api cli engine plans suites scenarios impostors fixtures mesh spiffe src'.split(' ');
const ofReports = ['api', 'cli'];
// Neighbours that do not lean on each other.
const apart = {
  api: ['cli'],
  suites: ['scenarios', 'impostors'],
  scenarios: ['impostors'],
  mesh: [],
  reports: layers.filter((layer) => layer !== 'src'),
};

const effects = [
  ...['fs', 'fs/promises', 'net', 'tls', 'http', 'https', 'http2', 'dgram'],
  ...['child_process', 'process', 'worker_threads', 'timers', 'timers/promises', 'perf_hooks', 'os'],
];
const pure = 'src/ is pure: no sockets, processes, files, timers or clocks.';

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
          paths: effects.flatMap((name) => [name, `node:${name}`]).map((name) => ({ name, message: pure })),
        }),
      },
    ],
    'no-restricted-syntax': [
      'error',
      ...others.flatMap((other) => importsWhileRunning(folder, other)),
      startedByItsSource,
      ...(folder === 'src' ? impure : []),
    ],
  },
});

// no-restricted-imports sees neither import() nor the type import('…').T. A slash may not stand in a selector's pattern.
const importsWhileRunning = (folder, other) =>
  [
    ['ImportExpression', 'source.value'],
    ['ImportExpression', 'source.quasis.0.value.raw'],
    ['TSImportType', 'source.value'],
  ].map(([node, source]) => ({
    selector: `${node}[${source}=/^(\\.\\.\\u002f)+${other}\\u002f/]`,
    message: `${folder}/ does not import ${other}/ (see CONTRIBUTING.md).`,
  }));

const startedByItsSource = {
  selector: "NewExpression[callee.name='URL'][arguments.0.value=/\\.ts$/]",
  message: 'The package has JavaScript here: name what is started by moduleUrl or modulePath of src/module-file.ts.',
};

const impure = [
  // An instant that is written down, `new Date(atMs)`, is no clock.
  { selector: "MemberExpression[object.name='Date'][property.name='now']", message: pure },
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: pure },
  { selector: "CallExpression[callee.name='Date']", message: pure },
  { selector: 'ImportExpression', message: 'src/ is pure: nothing is loaded while it runs.' },
];

export default tseslint.config(
  { ignores: ['node_modules/', 'build/', 'reports/out/', 'cli/bin.js', 'eslint.config.js'] },
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
    may(layer, [...layers.slice(0, at), ...(ofReports.includes(layer) ? [] : ['reports']), ...(apart[layer] ?? [])]),
  ),
  may('reports', apart.reports),
  {
    files: ['src/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        {
          globals: ['setTimeout', 'setInterval', 'setImmediate', 'fetch', 'process', 'performance'].map((name) => ({
            name,
            message: pure,
          })),
          checkGlobalObject: true,
        },
      ],
    },
  },
);
