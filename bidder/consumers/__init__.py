"""The Lambda functions that read an SQS queue or run on a schedule: one file each."""
