"""The deployment hooks of CodeDeploy. They decide whether a new version gets traffic, and whether it keeps it."""
