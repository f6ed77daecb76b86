// Loaded by tap into each test file (node-arg in package.json). To measure coverage and to know which file has changed, tap has every Node that is
// started below a test load its tracer: 40 ms and a record for each node of a mesh, in what is judged and timed here. What a test starts runs
// as a user's would.
import processOnSpawn from 'process-on-spawn';

processOnSpawn.removeAllListeners();
for (const name of Object.keys(process.env)) {
  // A thread loads the tracer whatever is done here, as it has the arguments of its process: there, this variable says that no coverage is wanted.
  if (name.startsWith('_TAPJS_PROCESSINFO_') && name !== '_TAPJS_PROCESSINFO_COVERAGE_') delete process.env[name];
}
const options = (process.env.NODE_OPTIONS ?? '').split(' ').filter((option) => !option.includes('@tapjs/processinfo'));
if (options.join('') === '') delete process.env.NODE_OPTIONS;
else process.env.NODE_OPTIONS = options.join(' ');
