"""What the contracts are proven by: gas against its budgets, invariants, and the findings of the static analysis."""
