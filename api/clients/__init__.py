"""The programs that may ask for tokens: an organisation's own, and for the operator everybody's."""
