"""Who is calling: OAuth2 clients, tokens, scopes."""
