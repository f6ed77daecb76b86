/** The helper.conf of the workload identity demo, as the document has it: for tests, of what is read and of what is done by it. */
export const documented = `# Certificate settings
renewal_interval = "30s"
rotation_threshold = "80%"
min_rotation_interval = "5m"

# Error handling
retry_interval = "5s"
max_retries = 3

# Trust bundle
refresh_interval = "1h"

# Service mesh integration
service_mesh = "istio"
service_mesh_port = "15001"
`;
