"""What found things look like on paper; builders for ``propdesk.core.rendering``."""
