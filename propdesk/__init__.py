"""PropDesk: settings and composition over the three registers."""
