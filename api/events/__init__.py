"""What happened, for those whom it concerns: a log of business events, as a list, as a stream and by webhooks."""
