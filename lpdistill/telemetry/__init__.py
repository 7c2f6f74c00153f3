"""What a link in service reports: records, estimates, and tests against the law of the policy in use."""
