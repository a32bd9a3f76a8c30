"""All that grows, measured in one run: data of any size, pages under a server, counts, goals."""
