"""统计: what a period was like, for managers; every figure opens exactly the rows behind it (ADR 0035)."""
