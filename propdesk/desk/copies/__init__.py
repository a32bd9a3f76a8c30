"""Copies of sealed papers for police, insurers and guests: the log of a case, and the next one."""
