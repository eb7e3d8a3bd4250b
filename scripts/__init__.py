"""What a person types. Thin: composes the other packages, nothing imports this one."""
