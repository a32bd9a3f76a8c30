"""How a notice leaves the inbox: rules, robots of group chats, e-mail, and the relay (ADR 0032)."""
