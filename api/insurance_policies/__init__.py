"""Insurance policies on financings: offered, accepted, bound, claimed on."""
