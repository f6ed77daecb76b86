// By these a step tells GitHub what the next ones see. Source: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
const variables = ['GITHUB_ENV', 'GITHUB_PATH', 'GITHUB_OUTPUT', 'GITHUB_STATE', 'GITHUB_STEP_SUMMARY'] as const;
const held: NodeJS.ProcessEnv = {};

/** Takes the files of a step out of the environment, so that no program under test is handed what steers the steps behind it. */
export function withholdWorkflowFiles(): void {
  for (const name of variables) {
    held[name] = process.env[name] ?? held[name];
    delete process.env[name];
  }
}

/** The environment with these files in it, for Assay's own use. */
export function withWorkflowFiles(): NodeJS.ProcessEnv {
  return { ...process.env, ...held };
}
