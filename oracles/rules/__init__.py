"""Which events are facts for money, and whether this node vouches for one. Pure: no clock, no network, no database."""
