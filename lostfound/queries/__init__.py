"""The only place where views get found things; bounded, indexed and keyset-paged."""
