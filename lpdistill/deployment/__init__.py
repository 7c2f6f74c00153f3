"""What running the service takes: container, manifests, rules, dashboards, written for a problem and its objective."""
