"""What the operator's bank says was booked: matched with what participants have instructed, issued as cash, paid on."""
