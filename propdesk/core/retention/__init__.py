"""How long personal data stay, and how they go: terms, holds, the purge and its proof (ADR 0042)."""
