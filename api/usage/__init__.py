"""What each organisation asked of the gateway, by day."""
