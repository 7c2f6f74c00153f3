"""The answer: bounds, policy, values, regrets and expected use."""
