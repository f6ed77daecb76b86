import { registerHooks } from 'node:module';

// GitHub's parser is made for bundlers: it imports JSON without saying so, which Node refuses.
registerHooks({
  load: (url, context, next) =>
    next(url, url.endsWith('.json') ? { ...context, format: 'json', importAttributes: { type: 'json' } } : context),
});

const [{ parseAction }, { parseWorkflow, NoOperationTraceWriter }] = await Promise.all([
  import('@actions/workflow-parser/actions/action-parser'),
  import('@actions/workflow-parser'),
]);

/** What is wrong with an action or a workflow, by the parser of GitHub's own editor. */
export function errorsOf(kind: 'action' | 'workflow', content: string): readonly { readonly message: string }[] {
  const parse = kind === 'action' ? parseAction : parseWorkflow;
  return parse({ name: `${kind}.yml`, content }, new NoOperationTraceWriter()).context.errors.getErrors();
}
