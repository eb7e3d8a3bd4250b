"""CSV files as events: which files are tables, under which mapping, and what a dry run says of them."""
