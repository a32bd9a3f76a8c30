"""The database and the broker that come with the wheels: own life cycle, unix sockets only."""
