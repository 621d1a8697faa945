"""The hooks of CodeDeploy's canary deployments: they decide whether a new version gets traffic, or a rollback."""
